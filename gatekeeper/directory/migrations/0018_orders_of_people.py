from django.db import migrations, models
from django.db.models import Value
from django.db.models.functions import Coalesce, Lower, NullIf

from gatekeeper.runtime.index_additions import AddIndexLive


class Migration(migrations.Migration):
    """Lists of people can be sorted by the name that is shown, and by work e-mail."""

    atomic = False

    dependencies = [("directory", "0017_language_of_pages")]

    operations = [
        AddIndexLive(
            "user",
            models.Index(Lower(Coalesce(NullIf("display_name", Value("")), "user_name")), "id", name="user_by_label"),
        ),
        AddIndexLive(
            "user",
            models.Index(Coalesce("work_email_folded", Value("")), "id", name="user_by_email_in_order"),
        ),
    ]
