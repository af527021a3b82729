from django.db import migrations

from gatekeeper.audit.chain import triggers


def execute(statements):
    def run(apps, schema_editor):
        vendor = schema_editor.connection.vendor
        for statement in (*triggers.remove(vendor), *statements(vendor)):
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    """The triggers let entries be deleted that are in a sealed segment."""

    dependencies = [("audit", "0018_segments")]

    operations = [
        migrations.RunPython(execute(triggers.install), execute(triggers.install_without_segments), elidable=False)
    ]
