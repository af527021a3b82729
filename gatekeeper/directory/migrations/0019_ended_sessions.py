from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive


class Migration(migrations.Migration):
    """Ended sessions by their end, so that deleting old ones reads no others."""

    atomic = False

    dependencies = [("directory", "0018_orders_of_people")]

    operations = [
        AddIndexLive(
            "signin",
            models.Index(fields=["until"], condition=models.Q(until__isnull=False), name="sign_in_by_end"),
        ),
    ]
