from django.db import migrations

from gatekeeper.runtime.index_removal import DropPatternIndex


class Migration(migrations.Migration):
    """Digests are compared as a whole; they need no second index for LIKE."""

    atomic = False

    dependencies = [("scim", "0004_credentials")]

    operations = [
        DropPatternIndex("accesstoken", "digest"),
        DropPatternIndex("clientsecret", "digest"),
    ]
