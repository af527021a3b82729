"""Linking by SQL does what linking person by person does: the same rows, audit entries and events."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.identity_linking import linking
from gatekeeper.directory.identity_linking.domains import set_domains
from gatekeeper.directory.identity_linking.identity_providers import end_identity_provider
from gatekeeper.directory.models import SignInIdentity, User
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.events.models import OutboxEvent
from gatekeeper.runtime.transactions import one_transaction
from tests.builders import ADMIN, ENTRA, link, make_provider, make_user, map_group
from tests.directory.identity_linking.former_linking import link_one_by_one

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
CLOCK = Actor.scheduler("tests")
NAMES = ("Äda", "Bo \\ \t O'Neil", "Cy\n", "Dée “x”", "")
DOMAINS = ("example.com", "contoso.com", "fabrikam.com")


def make_directory(seed: int) -> None:
    """People of every kind, some of whom a former sync has linked, and changes since."""
    choose = random.Random(seed)
    map_group(None, "collaborator")
    providers = [make_provider(f"IdP {number}") for number in range(choose.choice((1, 2, 3)))]
    people = [make_person(number, choose) for number in range(25)]
    link()
    for provider in providers:
        if choose.random() < 0.4:
            set_domains(provider.id, [choose.choice(DOMAINS)], actor=ADMIN)
    for user in choose.sample(people, 12):
        choose.choice(CHANGES)(user, choose)
    if len(providers) > 2:
        end_identity_provider(providers[0].id, actor=ADMIN)
    for number in range(25, 45):
        make_person(number, choose)


def make_person(number: int, choose: random.Random) -> User:
    """Known, with no e-mail, with one that somebody has, inactive, soft-deleted in Entra …"""
    address = f"Person{choose.choice((number, number, number, choose.randrange(40)))}@{choose.choice(DOMAINS)}"
    fields: dict[str, Any] = {
        "work_email": choose.choice((address, address, address, address.upper(), None)),
        "display_name": choose.choice((*NAMES, None)),
        "external_id": choose.choice((f"e{number}", None)),
        "active": choose.random() < 0.85,
    }
    tombstone = "0123456789abcdef0123456789abcdef" if choose.random() < 0.1 else ""
    return make_user(f"{tombstone}user{number}@example.com", **fields)


def _edit(**fields: Any) -> Callable[[User, random.Random], object]:
    return lambda user, _: edit_user(user.id, lambda current: replace(current, **fields), actor=ENTRA)


def _move(user: User, choose: random.Random) -> None:
    address = f"person{choose.randrange(60)}@{choose.choice(DOMAINS)}"
    edit_user(user.id, lambda current: replace(current, work_email=address), actor=ENTRA)


CHANGES: tuple[Callable[[User, random.Random], object], ...] = (
    _edit(active=False),
    _edit(work_email=None),
    lambda user, _: delete_user(user.id, actor=ENTRA),
    _move,
    _move,
    _move,
)


class _Undone(Exception):
    """Takes back what an oracle wrote."""


def outcome(run: Callable[[], tuple[int, int]]) -> dict[str, Any]:
    """What a run left behind; it is undone."""
    before, events_before = _last(AuditEntry), _last(OutboxEvent)
    found: dict[str, Any] = {}
    try:
        with one_transaction():
            found["counts"] = run()
            links = SignInIdentity.objects.order_by("user", "provider", "since", "until")
            columns = [each.attname for each in SignInIdentity._meta.fields if each.name != "id"]
            found["links"] = list(links.values_list(*columns))
            said = ("event", "actor_kind", "actor_name", "actor_id", "channel", "request_id", "object_kind",
                    "object_id", "object_label", "before", "after", "mac_key", "content", "digest")  # fmt: skip
            entries = AuditEntry.objects.filter(pk__gt=before)
            found["entries"] = sorted(entries.values_list(*said), key=repr)
            events = OutboxEvent.objects.filter(pk__gt=events_before)
            found["events"] = sorted(events.values_list("code", "object_key", "data", "is_queued"), key=repr)
            raise _Undone
    except _Undone:
        return found


def _last(model: Any) -> int:
    return model.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def by_sql() -> tuple[int, int]:
    report = linking.link_users(actor=CLOCK, now=NOW)
    return report.linked, report.unlinked


@pytest.mark.parametrize("seed", range(12))
def test_the_outcome_is_that_of_linking_person_by_person(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "LINKED_AT_ONCE", 7)
    make_directory(seed)

    expected = outcome(lambda: link_one_by_one(actor=CLOCK, now=NOW))

    assert outcome(by_sql) == expected


def test_what_it_wrote_can_be_linked_and_verified_and_a_second_run_has_nothing_to_do() -> None:
    make_directory(1)

    linked, _ = by_sql()

    assert linked
    assert by_sql() == (0, 0)
    link_new_entries()
    assert verify().problems == ()


def test_a_run_that_was_killed_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linking, "LINKED_AT_ONCE", 5)
    make_provider()
    for number in range(12):
        make_user(f"user{number}@example.com")
    seen: list[int] = []

    def stop(linked: int) -> None:
        seen.append(linked)
        if linked == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        linking.link_users(actor=CLOCK, now=NOW, progress=stop)

    assert seen == [5, 10]
    assert SignInIdentity.objects.live().count() == 10
    assert by_sql() == (2, 0)
