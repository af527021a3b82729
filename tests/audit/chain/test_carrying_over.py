"""A trail from before entries had a MAC is checked by the chain that it had, sealed, and goes on."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as site_settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.erasure import erase_from_logs
from gatekeeper.audit.models import AuditEntry
from gatekeeper.secrets.sealing import derived_key
from tests.audit.chain.attacker import sql, without_triggers
from tests.audit.chain.test_links import write
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = [("audit", "0003_provisioning_warnings")]
NOW = datetime(2026, 11, 1, 12, 0, 0, 123456, tzinfo=UTC)
GONE, ADA = str(uuid4()), str(uuid4())


class FormerSite:
    """What the version before wrote: entries without a MAC, linked by content digests."""

    def __init__(self, entries: Any) -> None:
        self.entries = entries
        self.key = derived_key("audit trail", site_settings.SECRET_KEY)

    def write(self, **values: Any) -> Any:
        said = {"event": "user.created", "actor_kind": "person", "actor_name": "Root", "actor_id": ADA, "door": "pages"}
        said |= {"object_kind": "user", "object_id": ADA, "object_label": "Ada", "after": {"n": [1.5, 1e22]}}
        return self.entries.create(**{**said, "at": NOW + timedelta(seconds=self.entries.count()), **values})

    def link(self) -> None:
        newest = self.entries.exclude(position=None).order_by("-position").first()
        position, digest = (newest.position, newest.digest) if newest else (0, "")
        for entry in self.entries.filter(position=None).order_by("id"):
            position, content = position + 1, self.content(entry)
            digest = self.hmac(f"{position}:{digest}:{content}")
            hint = hashlib.sha256(b"hint" + self.key).hexdigest()[:8]
            self.entries.filter(pk=entry.pk).update(position=position, content=content, digest=digest, key_hint=hint)

    def content(self, entry: Any) -> str:
        names = (
            "id event actor_kind actor_name actor_id door request_id object_kind object_id object_label before after"
        )
        document = {name: getattr(entry, name) for name in names.split()}
        document["at"] = entry.at.astimezone(UTC).isoformat()
        return self.hmac(json.dumps(document, sort_keys=True, separators=(",", ":"), cls=DjangoJSONEncoder))

    def hmac(self, text: str) -> str:
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()


@pytest.fixture
def former() -> Iterator[FormerSite]:
    """Six entries of the version before: four linked, one of them erased, and two that wait; plus the erasure."""
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    site = FormerSite(executor.loader.project_state(BEFORE).apps.get_model("audit", "AuditEntry").objects)
    for number in range(4):
        site.write(object_id=GONE if number == 1 else ADA, object_label=f"Person {number}")
    site.link()
    victim = site.entries.get(object_id=GONE)
    erasure = site.write(event="user.erased", object_id=GONE, after={"entries": [victim.pk]})
    site.entries.filter(pk=victim.pk).update(object_label="Erased user", after=None, erased_by=erasure.pk)
    site.link()
    site.write(object_label="waits")
    site.write(object_label="waits too")
    yield site
    upgrade()


def upgrade() -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] == "audit"])


def test_a_trail_is_carried_over_and_goes_on(former):
    head_before = former.entries.exclude(position=None).latest("position")
    upgrade()

    entry = AuditEntry.objects.get(event="audit_trail.carried_over")
    assert (entry.after["entries"], entry.after["problems"], entry.position) == (7, [], 8)
    write("new")
    link_new_entries()
    verdict = verify()
    assert (verdict.problems, verdict.checked, verdict.waiting) == ((), 9, 0)
    assert AuditEntry.objects.get(position=head_before.position).digest == head_before.digest


def test_each_column_of_what_was_carried_over_is_covered_from_then_on(former):
    upgrade()
    with without_triggers():
        for position in range(1, 8):
            for name in ("object_label", "actor_name", "channel", "content", "digest", "object_salt", "event"):
                column = AuditEntry._meta.get_field(name).column
                pk, written = AuditEntry.objects.values_list("id", name).get(position=position)
                sql(f"UPDATE audit_auditentry SET {column} = %s WHERE id = %s", "x", pk)
                found = " ".join(map(str, verify().problems))
                assert f"Entry {pk} of " in found, (position, column)
                sql(f"UPDATE audit_auditentry SET {column} = %s WHERE id = %s", written, pk)
    assert verify().intact


def test_what_was_carried_over_can_be_erased_and_what_is_left_verifies(former):
    upgrade()
    erase_from_logs(ADA, actor=ADMIN)
    link_new_entries()

    assert verify().intact
    assert not AuditEntry.objects.filter(object_label__startswith="Person").exists()
    with without_triggers():
        AuditEntry.objects.filter(position=1).update(object_label="Somebody")
    assert not verify().intact


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET actor_name = 'Somebody else' WHERE position = 3",
        "DELETE FROM audit_auditentry WHERE position = 3",
        "UPDATE audit_auditentry SET erased_by = NULL WHERE position = 2",
    ],
)
def test_what_was_wrong_before_stays_on_record(former, statement):
    sql(statement)
    upgrade()

    problems = [str(each) for each in verify().problems]
    assert any(each.startswith("Before the upgrade: ") for each in problems)
    assert AuditEntry.objects.get(event="audit_trail.carried_over").after["problems"]


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_upgrade_that_was_stopped_goes_on(former, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(import_module("gatekeeper.audit.migrations.0005_seal_former_entries"), "check_chain", stop)
        with pytest.raises(KeyboardInterrupt):
            upgrade()
    assert not AuditEntry.objects.filter(mac="").exists()
    upgrade()

    assert verify().intact
    assert AuditEntry.objects.filter(event="audit_trail.carried_over").count() == 1


def test_an_empty_trail_begins_without_a_word(former):
    sql("DELETE FROM audit_auditentry")
    upgrade()

    assert not AuditEntry.objects.exists()
    write("first")
    link_new_entries()
    assert verify().checked == 1
    assert verify().intact
