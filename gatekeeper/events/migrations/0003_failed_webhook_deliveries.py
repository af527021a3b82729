from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive


class Migration(migrations.Migration):
    """Failed deliveries of a webhook are found without reading all others."""

    atomic = False

    dependencies = [("events", "0002_webhooks")]

    operations = [
        AddIndexLive(
            "webhookdelivery",
            models.Index(
                condition=models.Q(("state", "failed")), fields=["webhook", "-id"], name="webhook_delivery_failed"
            ),
        ),
    ]
