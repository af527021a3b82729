"""Sync runs from before there were codes: the sentence about each connection is kept under the code "text".

One run after the other, so that the site goes on meanwhile; entries that have codes are left alone.
"""

from django.db import migrations


def code_results(apps, schema_editor):
    runs = apps.get_model("saml", "SyncRun").objects.exclude(metadata=[])
    for run in runs.only("id", "metadata").iterator(chunk_size=200):
        coded = [coded_result(each) for each in run.metadata]
        if coded != run.metadata:
            runs.filter(pk=run.pk).update(metadata=coded)


def coded_result(entry):
    if "result" not in entry:
        return entry
    return {"connection": entry["connection"], "code": "text", "parameters": {"text": entry["result"]}}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("saml", "0016_conflict_codes")]

    operations = [migrations.RunPython(code_results, migrations.RunPython.noop, elidable=False)]
