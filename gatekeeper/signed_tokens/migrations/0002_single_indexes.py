from django.db import migrations

from gatekeeper.runtime.index_removal import DropPatternIndex


class Migration(migrations.Migration):
    """Text columns whose values are compared as a whole need no second index for LIKE, which only PostgreSQL had."""

    atomic = False

    dependencies = [("signed_tokens", "0001_key_sets_and_used_tokens")]

    operations = [
        DropPatternIndex("keyset", "url"),
        DropPatternIndex("usedtoken", "digest"),
    ]
