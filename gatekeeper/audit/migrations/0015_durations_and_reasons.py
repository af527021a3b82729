from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive


class Migration(migrations.Migration):
    """How long a request took, and entries by the reason for which requests were refused."""

    atomic = False

    dependencies = [("audit", "0014_entries_of_a_credential")]

    operations = [
        migrations.AddField(
            "provisioningentry",
            "milliseconds",
            models.PositiveIntegerField(
                null=True, help_text="From the arrival of the request until this entry was written; null: not known."
            ),
        ),
        AddIndexLive(
            "provisioningentry",
            models.Index(fields=["reason", "-id"], condition=~models.Q(reason=""), name="provisioning_by_reason"),
        ),
    ]
