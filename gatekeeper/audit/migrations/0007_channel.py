from django.db import migrations, models


class Migration(migrations.Migration):
    """The field gets another name in the code. Its column stays, so nothing runs in the database."""

    dependencies = [("audit", "0006_append_only")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("auditentry", "door", "channel"),
                migrations.AlterField(
                    "auditentry", "channel", models.CharField(blank=True, db_column="door", max_length=30)
                ),
            ]
        )
    ]
