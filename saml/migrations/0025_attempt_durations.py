from django.db import migrations, models


class Migration(migrations.Migration):
    """How long it took to judge a SAML response."""

    dependencies = [("saml", "0024_attempts_by_failed_check")]

    operations = [
        migrations.AddField(
            "signinattempt",
            "milliseconds",
            models.PositiveIntegerField(
                blank=True,
                help_text="From the arrival of the response until this was written; null: not known.",
                null=True,
            ),
        ),
    ]
