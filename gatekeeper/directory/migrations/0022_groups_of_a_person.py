from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive
from gatekeeper.runtime.index_removal import DropIndexLive


class Migration(migrations.Migration):
    """In which groups somebody is stands in the index: who has what is worked out without reading the memberships.

    The index by the end has the ended ones only: what began is in one index less.
    """

    atomic = False

    dependencies = [("directory", "0021_last_sign_in")]

    operations = [
        AddIndexLive("membership", models.Index(fields=("user", "until", "group"), name="membership_of_user")),
        DropIndexLive("membership", "membership_by_user"),
        AddIndexLive(
            "membership",
            models.Index(fields=("until",), condition=models.Q(until__isnull=False), name="membership_ended"),
        ),
        DropIndexLive("membership", "membership_by_end"),
    ]
