from django.db import migrations

from gatekeeper.runtime.index_additions import AddTextSearchIndex


class Migration(migrations.Migration):
    """A part of somebody's name or address has an index."""

    atomic = False

    dependencies = [("directory", "0014_user_names_in_order")]

    operations = [
        AddTextSearchIndex("user", "user_by_text", ("user_name_folded", "work_email_folded", "display_name")),
    ]
