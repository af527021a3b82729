"""Provisioning entries from before there were codes: their sentences become codes with parameters.

A sentence that can't be read back without doubt is kept as it is, under the code "text". In ranges of ids, each in a
transaction of its own that locks its rows, so that the site goes on meanwhile, and an erasure is never undone. A run
that was stopped goes on where it was: rows that have codes are left alone.
"""

import re

from django.db import connection, migrations, transaction
from django.db.models import Max, Q

BATCH = 1000
FAILED = 500

HELD = re.compile(r"Held for approval: (\d+) of (\d+) active users would lose access within (\d+) minutes\. ")
HELD_GAIN = "Held for approval: Global Administrator for "
NAMED = {
    "Created user ": "user_created",
    "Revived user ": "user_revived",
    "Deleted user ": "user_deleted",
    "Created group ": "group_created",
    "Deleted group ": "group_deleted",
}
ID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
REPLACED = re.compile(rf"Deleted user (.*) \(({ID})\): another person has the name", re.DOTALL)
MEMBERS = re.compile(rf"(Added|Removed) (\d+) members?: ({ID}(?:, {ID})*)(?: and (\d+) more)?")
VALUE = r"(true|false|“[^“”]*”)"
ATTRIBUTE = {
    "attribute_set": re.compile(rf"([\w.$:-]+|sign-in e-mail) set to {VALUE}"),
    "attribute_removed": re.compile(rf"([\w.$:-]+|sign-in e-mail) removed, which was {VALUE}"),
    "attribute_changed": re.compile(rf"([\w.$:-]+|sign-in e-mail) changed from {VALUE} to {VALUE}"),
}
REORDERED = re.compile(r"([\w.$:-]+) put into another order")
VALUES = {
    "attribute_set": ("after",),
    "attribute_removed": ("before",),
    "attribute_changed": ("before", "after"),
}


def code_entries(apps, schema_editor):
    entries = apps.get_model("audit", "ProvisioningEntry").objects.order_by("id")
    last = entries.aggregate(last=Max("id"))["last"] or 0
    for start in range(0, last, BATCH):
        with transaction.atomic():
            rows = entries.filter(Q(reason="", status__gte=400) | Q(changed__isnull=False), id__gt=start, id__lte=start + BATCH)
            if connection.features.has_select_for_update:
                rows = rows.select_for_update()
            coded = [row for row in rows.only("id", "status", "detail", "changed", "answer") if code_entry(row)]
            entries.bulk_update(coded, ("reason", "parameters", "changed"), batch_size=100)


def code_entry(row):
    """Put codes into an entry; says whether there was anything to put."""
    if row.changed and not all(isinstance(change, dict) for change in row.changed):
        row.changed = [change if isinstance(change, dict) else coded_change(str(change)) for change in row.changed]
    elif row.status < 400 or row.reason:
        return False
    if row.status >= 400 and not row.reason:
        row.reason, row.parameters = coded_reason(row.status, row.detail, row.answer)
    return True


def coded_reason(status, detail, answer):
    held = HELD.match(detail)
    if held:
        lost, active, minutes = map(int, held.groups())
        return "held_for_approval", {"lost": lost, "active": active, "minutes": minutes}
    if detail.startswith(HELD_GAIN):
        return "privilege_held", None
    scim_type = answer.get("scimType") if isinstance(answer, dict) else None
    if scim_type:
        return str(scim_type)[:60], None
    return STATUSES.get(status, "internal_error" if status >= FAILED else "text"), None


STATUSES = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    501: "not_implemented",
    503: "database_busy",
}


def coded_change(sentence):
    return coded_resource(sentence) or coded_attribute(sentence) or {"code": "text", "text": sentence}


def coded_resource(sentence):
    replaced = REPLACED.fullmatch(sentence)
    if replaced:
        return {"code": "user_replaced", "name": replaced[1], "id": replaced[2]}
    members = MEMBERS.fullmatch(sentence)
    if members:
        change = {"code": f"members_{members[1].lower()}", "count": int(members[2]), "ids": members[3].split(", ")}
        return {**change, "more": int(members[4])} if members[4] else change
    for beginning, code in NAMED.items():
        if sentence.startswith(beginning):
            return {"code": code, "name": sentence.removeprefix(beginning)}
    return None


def coded_attribute(sentence):
    for code, pattern in ATTRIBUTE.items():
        found = pattern.fullmatch(sentence)
        if found:
            values = dict(zip(VALUES[code], map(read_value, found.groups()[1:]), strict=True))
            name = "work_email" if found[1] == "sign-in e-mail" else found[1]
            return {"code": code, "attribute": name, **values}
    reordered = REORDERED.fullmatch(sentence)
    return {"code": "elements_reordered", "attribute": reordered[1]} if reordered else None


def read_value(shown):
    return {"true": True, "false": False}.get(shown, shown.strip("“”"))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("audit", "0008_provisioning_codes")]

    operations = [migrations.RunPython(code_entries, migrations.RunPython.noop, elidable=False)]
