from django.db import migrations, models


class Migration(migrations.Migration):
    """Classes get the names that the field uses. Their tables stay as they are, so nothing runs in the database."""

    dependencies = [("directory", "0011_privilege_gains")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterModelTable("brakesetting", "directory_brakesetting"),
                migrations.AlterModelTable("brakerelease", "directory_brakerelease"),
                migrations.RenameModel("BrakeSetting", "DeprovisioningLimit"),
                migrations.RenameModel("BrakeRelease", "HeldChangesApproval"),
                migrations.AlterField(
                    "deprovisioninglimit",
                    "minimum",
                    models.PositiveIntegerField(default=20, help_text="users; fewer never reach the limit"),
                ),
            ]
        )
    ]
