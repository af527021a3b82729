from django.db import migrations

from gatekeeper.audit.chain import triggers


def execute(statements):
    def run(apps, schema_editor):
        for statement in statements(schema_editor.connection.vendor):
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_seal_former_entries")]

    operations = [migrations.RunPython(execute(triggers.install_without_segments), execute(triggers.remove))]
