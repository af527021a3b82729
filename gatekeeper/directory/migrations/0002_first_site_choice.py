"""The site's choices before anybody chose: no fallback team, and a lost last group revokes access."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def choose_nothing(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    apps.get_model("directory", "SiteChoice").objects.create()


class Migration(migrations.Migration):
    dependencies = (("directory", "0001_initial"),)

    operations = (migrations.RunPython(choose_nothing, migrations.RunPython.noop),)
