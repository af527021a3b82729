import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The search index without a foreign key in the database, which looked for the user of each of its rows."""

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("scim", "0009_token_request_durations"),
    ]

    operations = [
        migrations.AlterField(
            "attributevalue",
            "user",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attribute_values",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
