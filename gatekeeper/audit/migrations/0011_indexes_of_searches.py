from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive, AddTextSearchIndex
from gatekeeper.runtime.index_removal import DropForeignKeyIndex


class Migration(migrations.Migration):
    """What the pages of the logs look for has an index: parts of names, the id of a request, the newest of an event."""

    atomic = False

    dependencies = [("audit", "0010_single_indexes")]

    operations = [
        AddTextSearchIndex("provisioningentry", "provisioning_by_text", ("user_label", "group_label", "detail")),
        AddTextSearchIndex("auditentry", "audit_by_text", ("object_label", "actor_name")),
        AddIndexLive("auditentry", models.Index(fields=["event", "-id"], name="audit_by_event")),
        AddIndexLive(
            "auditentry",
            models.Index(fields=["request_id"], condition=~models.Q(request_id=""), name="audit_by_request"),
        ),
        DropForeignKeyIndex("auditentry", "event", models.CharField(max_length=60)),
    ]
