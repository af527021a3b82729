from django.db import migrations

from gatekeeper.runtime.index_removal import DropPatternIndex


class Migration(migrations.Migration):
    """Text columns whose values are compared as a whole need no second index for LIKE, which only PostgreSQL had."""

    atomic = False

    dependencies = [("setup_links", "0001_initial")]

    operations = [
        DropPatternIndex("setuplink", "digest"),
    ]
