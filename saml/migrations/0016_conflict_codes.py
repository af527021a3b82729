"""Conflicts of former sync runs: the sentence becomes a code with parameters. One that is not known is kept as it is."""

import re

from django.db import migrations

SENTENCES = (
    ("same_email", re.compile(r"(?P<email>.+) is the work e-mail of (?P<count>\d+) active users; .*", re.S)),
    ("last_configurator", re.compile(r"(?P<email>.+) is somebody else's work e-mail too; .*", re.S)),
    ("no_email", re.compile(r"There is no work e-mail to sign in with; .*", re.S)),
    ("no_connection", re.compile(r"No connection is for the domain of (?P<email>.+); add it to a connection, .*", re.S)),
)


def coded(conflict):
    if "code" in conflict:
        return conflict
    code, parameters = "text", {"text": conflict["reason"]}
    for name, sentence in SENTENCES:
        found = sentence.fullmatch(conflict["reason"])
        if found:
            values = found.groupdict()
            code, parameters = name, {**values, **({"count": int(values["count"])} if "count" in values else {})}
            break
    return {"user_name": conflict["user_name"], "code": code, "parameters": parameters}


def code_former_conflicts(apps, schema_editor):
    """Each run by itself, so that the site goes on meanwhile; a second time changes nothing."""
    runs = apps.get_model("saml", "SyncRun").objects
    ids = list(runs.exclude(conflicts=[]).values_list("pk", flat=True))
    for start in range(0, len(ids), 500):
        for run in runs.filter(pk__in=ids[start : start + 500]):
            runs.filter(pk=run.pk).update(conflicts=[coded(each) for each in run.conflicts])


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("saml", "0015_single_indexes")]

    operations = [migrations.RunPython(code_former_conflicts, migrations.RunPython.noop)]
