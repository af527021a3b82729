"""Sync runs from before there were codes: the sentence about the error is kept under the code "text".

One run after the other, so that the site goes on meanwhile; codes have no spaces in them and are left alone.
"""

from django.db import migrations


def code_errors(apps, schema_editor):
    runs = apps.get_model("saml", "SyncRun").objects.filter(error__contains=" ")
    for run in runs.only("id", "error").iterator(chunk_size=200):
        runs.filter(pk=run.pk).update(error="text", error_parameters={"text": run.error})


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("saml", "0020_sync_error_parameters")]

    operations = [migrations.RunPython(code_errors, migrations.RunPython.noop, elidable=False)]
