"""Entries from before there was a MAC are checked by the chain that they had, and get a MAC where they stand.

The last of them, and what was found, is an entry itself: what stands before it was sealed at the upgrade. In batches,
each in a transaction of its own; a run that was stopped goes on where it was. Needs the site's SECRET_KEY, and former
ones in SECRET_KEY_FALLBACKS, as every process does.
"""

import hmac
import json
import secrets
from datetime import UTC

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, migrations, transaction
from django.utils import timezone

from gatekeeper.audit.chain.mac import (
    CARRIED_OVER,
    former_digest,
    head_mac,
    key_id_of,
    link_digest,
    seal,
)
from gatekeeper.secrets.sealing import derived_key

BATCH = 1000
MOST_PROBLEMS = 100
COVERED = (
    "id", "event", "actor_kind", "actor_name", "actor_id", "door", "request_id",
    "object_kind", "object_id", "object_label", "before", "after",
)
COLUMNS = ("writer", "number", "actor_salt", "actor_commitment", "object_salt", "object_commitment", "mac_key", "mac")


def carry_over(apps, schema_editor):
    entries = apps.get_model("audit", "AuditEntry").objects
    heads = apps.get_model("audit", "AuditHead").objects
    if heads.exists():
        return
    keys = {}
    for secret_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = derived_key("audit trail", secret_key)
        keys.setdefault(key_id_of(key), key)
    present = next(iter(keys))
    link_what_waits(entries, present, keys[present])
    seal_entries(entries, present, keys[present])
    with transaction.atomic():
        position, digest = begin_behind(entries, check_chain(entries, keys), present, keys[present])
        trail = secrets.token_hex(16)
        mac = head_mac(trail, position, digest, keys[present])
        heads.create(pk=1, trail=trail, position=position, digest=digest, key_id=present, mac=mac)


def link_what_waits(entries, key_id, key):
    """As the version before would have linked them a moment later."""
    while True:
        with transaction.atomic():
            newest = entries.exclude(position=None).order_by("-position").first()
            position, digest = (newest.position, newest.digest) if newest else (0, "")
            batch = list(entries.filter(position=None).order_by("id")[:BATCH])
            for entry in batch:
                position += 1
                content = former_content(entry, key)
                digest = former_digest(position, digest, content, key)
                entries.filter(pk=entry.pk).update(position=position, content=content, digest=digest, key_hint=key_id)
        if not batch:
            return


def seal_entries(entries, key_id, key):
    """Whether an entry was erased is settled by ``check_chain`` from the erasures; ``erased_by`` is kept for it."""
    assignments = ", ".join(f"{name} = %s" for name in COLUMNS)
    statement = f"UPDATE audit_auditentry SET {assignments} WHERE id = %s"
    while batch := list(entries.filter(mac="").order_by("position")[:BATCH]):
        for entry in batch:
            entry.writer, entry.number = CARRIED_OVER, entry.position
            entry.channel = entry.door  # as ``mac.py`` calls the column
            seal(entry, key_id, key)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(statement, [[*(getattr(e, name) for name in COLUMNS), e.pk] for e in batch])


def check_chain(entries, keys):
    """What the chain of the version before says about them."""
    problems, erased, expected, before = [], {}, 1, ""
    for entry in entries.order_by("position").iterator(chunk_size=BATCH):
        name = f"Entry {entry.pk} of {entry.at:%Y-%m-%d %H:%M:%S} UTC ({entry.event})"
        key = keys.get(entry.key_hint)
        if entry.position != expected:
            problems.append(f"Before the upgrade: {entry.position - expected} entries were missing before {name}.")
        elif key is None:
            problems.append(f"Before the upgrade: {name} was linked under a SECRET_KEY that was not known then.")
        else:
            content = entry.content if is_erased(entries, entry, erased) else former_content(entry, key)
            if not hmac.compare_digest(former_digest(entry.position, before, content, key), entry.digest):
                problems.append(f"Before the upgrade: {name} was not what had been written.")
        expected, before = entry.position + 1, entry.digest
        if len(problems) >= MOST_PROBLEMS:
            break
    return problems


def is_erased(entries, entry, erased):
    if entry.erased_by is None:
        return False
    if entry.erased_by not in erased:
        erasure = entries.filter(pk=entry.erased_by, event="user.erased").first()
        erased[entry.erased_by] = frozenset((erasure.after or {}).get("entries", [])) if erasure else frozenset()
    return entry.pk in erased[entry.erased_by]


def begin_behind(entries, problems, key_id, key):
    """The entry that tells what was carried over, as the next link; where there is nothing to carry over, none."""
    newest = entries.order_by("-position").first()
    if newest is None:
        return 0, ""
    entries.exclude(erased_by=None).update(erased_by=None)  # they are sealed as they are now
    told = {"entries": newest.position, "until": newest.pk, "head": newest.digest, "problems": problems}
    found = "intact" if not problems else f"{len(problems)} problems"
    entry = entries.model(
        at=timezone.now(), event="audit_trail.carried_over", actor_kind="site", actor_name="Gatekeeper",
        object_kind="audit_trail", object_id="upgrade", after=told, writer=secrets.token_hex(12), number=1,
        object_label=f"{newest.position} entries up to {newest.pk} were sealed at the upgrade; until then: {found}",
    )
    entry.channel = entry.door  # as ``mac.py`` calls the column
    seal(entry, key_id, key)
    entry.save(force_insert=True)
    entry.position, entry.key_hint = newest.position + 1, key_id
    entry.digest = link_digest(entry, entry.position, newest.digest, key)
    entry.save(update_fields=["position", "digest", "key_hint"])
    return entry.position, entry.digest


def former_content(entry, key):
    """The digest of what an entry says, as the version before made it."""
    document = {name: getattr(entry, name) for name in COVERED}
    document["at"] = entry.at.astimezone(UTC).isoformat()
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder)
    return hmac.digest(key, text.encode(), "sha256").hex()


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("audit", "0004_entry_macs")]

    operations = [migrations.RunPython(carry_over, migrations.RunPython.noop)]
