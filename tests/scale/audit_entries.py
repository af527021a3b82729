"""Audit entries by the hundred thousand: numbered, sealed and linked by the site's own functions, stored by COPY."""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from hashlib import md5
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from gatekeeper.audit.chain.head import Head, keep_head, store_head
from gatekeeper.audit.chain.keys import present_key
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.chain.mac import link_digest, seal
from gatekeeper.audit.models import AuditEntry, AuditHead

# What differs between copies of one entry, or is made anew for each.
MADE = {"id", "at", "object_id", "object_label", "before", "after", "request_id", "writer", "number"}
BATCH = 5_000

Words = Callable[[int], Mapping[str, str]]


def copy_audit_entries(
    entries: Sequence[AuditEntry], count: int, words: Words, moment: Callable[[int], datetime]
) -> None:
    """Add copies of these in turn, ``number`` by number, as one writer whose entries are linked at once."""
    link_new_entries()
    newest = head()
    assert newest is not None
    copies = _Copies(entries, words, moment, newest)
    fields = list(AuditEntry._meta.concrete_fields)
    for start in range(1, count + 1, BATCH):
        batch = [copies.entry(number) for number in range(start, min(start + BATCH, count + 1))]
        if connection.vendor == "postgresql":
            _copy_in(batch, fields)
        else:
            AuditEntry.objects.bulk_create([AuditEntry(**vars(each)) for each in batch])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(pg_get_serial_sequence('audit_auditentry', 'id'), %s)", [copies.last_id])
    trail = AuditHead.objects.get(pk=1).trail
    store_head(trail, copies.newest)
    transaction.on_commit(partial(keep_head, trail, copies.newest))


class _Copies:
    def __init__(
        self, entries: Sequence[AuditEntry], words: Words, moment: Callable[[int], datetime], newest: Head
    ) -> None:
        self.sources = [
            (
                {
                    field.attname: getattr(entry, field.attname)
                    for field in AuditEntry._meta.concrete_fields
                    if field.attname not in MADE
                },
                json.dumps([entry.object_id, entry.object_label, entry.before, entry.after]),
            )
            for entry in entries
        ]
        self.words, self.moment, self.newest = words, moment, newest
        self.last_id = AuditEntry.objects.aggregate(last=Max("id"))["last"]
        self.writer, self.key = secrets.token_hex(12), present_key()

    def entry(self, number: int) -> SimpleNamespace:
        """The next one, linked behind the one before."""
        same, text = self.sources[number % len(self.sources)]
        for word, instead in self.words(number).items():
            text = text.replace(word, instead)
        object_id, label, before, after = json.loads(text)
        self.last_id += 1
        entry = SimpleNamespace(
            **same,
            id=self.last_id,
            at=self.moment(number),
            object_id=object_id,
            object_label=label,
            before=before,
            after=after,
            request_id=str(UUID(md5(f"request{number}".encode(), usedforsecurity=False).hexdigest())),
            writer=self.writer,
            number=number,
        )
        seal(entry, self.key.id, self.key.secret)
        entry.position = self.newest.position + 1
        entry.digest = link_digest(entry, entry.position, self.newest.digest, self.key.secret)
        entry.key_hint = self.key.id
        self.newest = Head(entry.position, entry.digest)
        return entry


def _copy_in(batch: Sequence[SimpleNamespace], fields: Sequence[Any]) -> None:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor, cursor.copy(f"COPY audit_auditentry ({columns}) FROM STDIN") as copy:
        for entry in batch:
            copy.write_row(list(_values(entry, fields)))


def _values(entry: SimpleNamespace, fields: Sequence[Any]) -> Iterator[Any]:
    for field in fields:
        value = getattr(entry, field.attname)
        yield json.dumps(value) if field.attname in {"before", "after"} and value is not None else value
