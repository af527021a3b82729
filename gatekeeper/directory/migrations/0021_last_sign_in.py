from django.db import migrations, models

from gatekeeper.runtime.index_additions import AddIndexLive


class Migration(migrations.Migration):
    """When somebody signed in last is one row of an index, however often they did."""

    atomic = False

    dependencies = [("directory", "0020_saved_views")]

    operations = [
        AddIndexLive("signin", models.Index(fields=("user", "-since"), name="sign_in_last_of_user")),
    ]
