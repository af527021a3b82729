from django.db import migrations
from django.db import models

from gatekeeper.runtime.index_removal import DropForeignKeyIndex


class Migration(migrations.Migration):
    """Foreign keys with which a composite index begins have no index of their own any more."""

    atomic = False

    dependencies = [("directory", "0012_deprovisioning_limit_names")]

    operations = [
        DropForeignKeyIndex("membership", "user", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="memberships", to="directory.user")),
        DropForeignKeyIndex("signin", "user", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="sign_ins", to="directory.user")),
        DropForeignKeyIndex("signin", "provider", models.ForeignKey(db_index=False, null=True, on_delete=models.SET_NULL, related_name="sign_ins", to="directory.identityprovider")),
        DropForeignKeyIndex("recoverycode", "factor", models.ForeignKey(db_index=False, on_delete=models.CASCADE, related_name="recovery_codes", to="directory.secondfactor")),
    ]
