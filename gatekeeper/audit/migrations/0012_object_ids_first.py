from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive
from gatekeeper.runtime.index_removal import DropIndexLive


class Migration(migrations.Migration):
    """Entries are looked up by the id of their object, with or without its kind: the index begins with the id."""

    atomic = False

    dependencies = [("audit", "0011_indexes_of_searches")]

    operations = [
        AddIndexLive(
            "auditentry", models.Index(fields=["object_id", "object_kind", "-id"], name="audit_by_object_id")
        ),
        DropIndexLive("auditentry", "audit_by_object"),
    ]
