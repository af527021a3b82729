from django.db import migrations, models


class Migration(migrations.Migration):
    """How long it took to answer a request for an access token."""

    dependencies = [("scim", "0008_attribute_values_of_a_user")]

    operations = [
        migrations.AddField(
            "tokenrequest",
            "milliseconds",
            models.PositiveIntegerField(
                blank=True,
                help_text="From the arrival of the request until this was written; null: not known.",
                null=True,
            ),
        ),
    ]
