import django.core.serializers.json
from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive
from gatekeeper.runtime.index_removal import DropIndexLive


def _body(column: str) -> models.Field:
    encoder = django.core.serializers.json.DjangoJSONEncoder
    return models.JSONField(null=True, blank=True, encoder=encoder, db_column=column)


def _some(column: str) -> models.Q:
    return models.Q((f"{column}__isnull", False))


class Migration(migrations.Migration):
    """Bodies of requests are stored packed; indexes grow at their ends, and have no entries for what is not there.

    Entries that are there stay as they are, and so do their columns, into which the release before still writes.
    """

    atomic = False

    dependencies = [("audit", "0016_verification_runs")]

    operations = [
        migrations.AddField(
            "provisioningentry",
            "bodies",
            models.BinaryField(
                null=True, blank=True, help_text="Of request and answer, as stored_bodies.py packs them."
            ),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("provisioningentry", "request", "former_request"),
                migrations.AlterField("provisioningentry", "former_request", _body("request")),
                migrations.RenameField("provisioningentry", "answer", "former_answer"),
                migrations.AlterField("provisioningentry", "former_answer", _body("answer")),
            ]
        ),
        AddIndexLive("provisioningentry", models.Index(fields=["at"], name="provisioning_at")),
        DropIndexLive("provisioningentry", "provisioning_by_time"),
        AddIndexLive("provisioningentry", models.Index(fields=["outcome", "id"], name="provisioning_of_outcome")),
        DropIndexLive("provisioningentry", "provisioning_by_outcome"),
        AddIndexLive(
            "provisioningentry",
            models.Index(fields=["user_id", "id"], condition=_some("user_id"), name="provisioning_of_user"),
        ),
        DropIndexLive("provisioningentry", "provisioning_by_user"),
        AddIndexLive(
            "provisioningentry",
            models.Index(fields=["group_id", "id"], condition=_some("group_id"), name="provisioning_of_group"),
        ),
        DropIndexLive("provisioningentry", "provisioning_by_group"),
        AddIndexLive("provisioningentry", models.Index(fields=["key_id", "id"], name="provisioning_of_credential")),
        DropIndexLive("provisioningentry", "provisioning_by_credential"),
        AddIndexLive("auditentry", models.Index(fields=["event", "id"], name="audit_of_event")),
        DropIndexLive("auditentry", "audit_by_event"),
    ]
