from django.db import migrations

from gatekeeper.runtime.index_removal import DropPatternIndex


class Migration(migrations.Migration):
    """Text columns whose values are compared as a whole need no second index for LIKE, which only PostgreSQL had."""

    atomic = False

    dependencies = [("audit", "0009_code_former_entries")]

    operations = [
        DropPatternIndex("auditentry", "event"),
        DropPatternIndex("provisioningentry", "request_id"),
        DropPatternIndex("formerkey", "key_id"),
    ]
