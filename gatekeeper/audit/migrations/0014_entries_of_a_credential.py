from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive


class Migration(migrations.Migration):
    """What a credential did last is found without reading what all others did."""

    atomic = False

    dependencies = [("audit", "0013_request_counts")]

    operations = [
        AddIndexLive("provisioningentry", models.Index(fields=["key_id", "-id"], name="provisioning_by_credential")),
    ]
