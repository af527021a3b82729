"""Refused metadata from before there were codes: its sentences are kept under the code "text".

One row after the other, so that the site goes on meanwhile. Codes, and the word "good", have no spaces in them and are
left alone; so is what a sync run keeps in codes.
"""

from django.db import migrations


def code_refusals(apps, schema_editor):
    connections = apps.get_model("saml", "Connection").objects.filter(refresh_result__contains=" ")
    for connection in connections.only("pk", "refresh_result").iterator(chunk_size=200):
        former = connection.refresh_result
        connections.filter(pk=connection.pk, refresh_result=former).update(
            refresh_result="text", refresh_parameters={"text": former}
        )
    runs = apps.get_model("saml", "SyncRun").objects.exclude(metadata=[])
    for run in runs.only("id", "metadata").iterator(chunk_size=200):
        coded = [coded_entry(each) for each in run.metadata]
        if coded != run.metadata:
            runs.filter(pk=run.pk).update(metadata=coded)


def coded_entry(entry):
    parameters = dict(entry.get("parameters") or {})
    if isinstance(parameters.get("reason"), str):
        parameters["reason"] = coded_sentence(parameters["reason"])
    if "left_out" in parameters:
        parameters["not_used"] = [coded_sentence(each) for each in parameters.pop("left_out")]
    return {**entry, "parameters": parameters} if parameters != (entry.get("parameters") or {}) else entry


def coded_sentence(sentence):
    return {"code": "text", "parameters": {"text": sentence}}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("saml", "0022_connection_refresh_parameters")]

    operations = [migrations.RunPython(code_refusals, migrations.RunPython.noop, elidable=False)]
