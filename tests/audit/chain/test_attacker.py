"""An attacker with the database and without SECRET_KEY: every single manipulation is found, and the entry is named.

The trail has entries of several writers and people, a person who was erased, and numbers that databases spell
differently. Each manipulation is tried on every entry (or on some that hypothesis draws), the linking task runs, and
``verify`` has to name what was touched: the entry, or the link that is missing.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import IntegrityError, models, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain import writers
from gatekeeper.audit.chain.head import Head, keep_head, store_head
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.erasure import erase_from_logs
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry, AuditHead
from tests.audit.chain.attacker import sql, without_triggers
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db

TABLE = "audit_auditentry"
COLUMNS = list(AuditEntry._meta.concrete_fields)
# Linking writes these into an entry that has none yet: what stands there before means nothing.
OF_THE_LINK = {"position", "digest", "key_hint"}
GONE = uuid4()


class _Person:
    def __init__(self, pk: object, label: str) -> None:
        self.id, self.label = pk, label


def write(number: int) -> None:
    record(
        Event.TEAM_RENAMED,
        actor=ADMIN,
        kind="team",
        object_id=str(number),
        label=f"Team {number}",
        before={"name": "ä", "size": 1.5, "budget": 1e22, "share": 0.0, "at": datetime(2026, 1, 1, tzinfo=UTC)},
        after={"name": "b", "members": [1, 2.0, None, {"x": -0.0}], "ratio": 1e-7},
    )


@pytest.fixture
def trail() -> list[int]:
    """Twelve linked entries, and three that wait; ids in order."""
    for number in range(4):
        write(number)
    writers.begin_anew()
    record(Event.USER_CREATED, actor=ADMIN, kind="user", object_id=GONE, label="Ada Lovelace", after={"name": "Ada"})
    ada = Actor.person(_Person(GONE, "Ada Lovelace"))
    record(Event.TEAM_CREATED, actor=ada, kind="team", object_id="9", label="Team 9")
    record(Event.USER_CHANGED, actor=ada, kind="user", object_id=GONE, label="Ada Lovelace", before={"x": 1}, after={})
    link_new_entries()
    erase_from_logs(GONE, actor=ADMIN)
    writers.begin_anew()
    for number in range(4):
        write(number)
    link_new_entries()
    for number in range(3):
        write(number)
    return list(AuditEntry.objects.order_by("id").values_list("id", flat=True))


@contextmanager
def attack() -> Iterator[None]:
    """What happens within is taken back afterwards, so that the next attack finds the same trail."""
    try:
        with transaction.atomic():
            with without_triggers():
                yield
            transaction.set_rollback(True)
    finally:
        writers.begin_anew()


def problems() -> list[str]:
    """What an operator reads after the linking task ran."""
    link_new_entries()
    return list(map(str, verify().problems))


def names(found: list[str], *entries: int) -> bool:
    text = " ".join(found)
    return all(re.search(rf"Entry {entry} of ", text) for entry in entries)


def test_nothing_is_found_where_nothing_was_done(trail):
    verdict = verify()

    assert (verdict.problems, verdict.checked, verdict.waiting) == ((), 12, 3)
    assert problems() == []


# ── One column of one entry ──────────────────────────────────────────────────────────────────────────────────────────
def another_value(field: models.Field, old: object) -> object:
    """Something else that the column takes."""
    if isinstance(field, models.DateTimeField):
        return "2020-01-01 00:00:00.000001"
    if isinstance(field, models.JSONField):
        return '{"forged": 1}'
    if isinstance(field, models.BigIntegerField | models.BigAutoField):
        return (old or 0) + 1000
    return (old[:-1] + ("0" if old[-1:] != "0" else "1")) if old else "x"


@pytest.mark.parametrize("field", COLUMNS, ids=lambda field: field.column)
def test_a_column_that_was_changed_names_its_entry(trail, field):
    tried = 0
    for entry in AuditEntry.objects.order_by("id"):
        unlinked = entry.position is None
        if unlinked and field.name in {*OF_THE_LINK - {"position"}, "id"}:  # an id is chosen by the database
            continue
        with attack():
            new = another_value(field, getattr(entry, field.name))
            sql(f"UPDATE {TABLE} SET {field.column} = %s WHERE id = %s", new, entry.pk)
            named = new if field.name == "id" else entry.pk
            found = problems()
            assert names(found, named) or missing(found, entry.position), (entry.pk, found)
        tried += 1
    assert tried >= 12


@pytest.mark.parametrize("field", [field for field in COLUMNS if field.null], ids=lambda field: field.column)
def test_a_column_that_was_emptied_names_its_entry(trail, field):
    for entry in AuditEntry.objects.order_by("id"):
        if getattr(entry, field.name) is None:
            continue
        with attack():
            sql(f"UPDATE {TABLE} SET {field.column} = NULL WHERE id = %s", entry.pk)
            found = problems()
            assert names(found, entry.pk) or missing(found, entry.position), (entry.pk, found)


def missing(found: list[str], position: int | None) -> bool:
    """Whether this link is said to be missing."""
    for first, last in re.findall(r"Links? (\d+)(?: to (\d+))? (?:is|are) missing", " ".join(found)):
        if position is not None and int(first) <= position <= int(last or first):
            return True
    return any(f"Link {position} existed and is missing" in each for each in found)


# ── Deletions ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_deleted_link_is_missed(trail):
    for entry in AuditEntry.objects.exclude(position=None):
        with attack():
            sql(f"DELETE FROM {TABLE} WHERE id = %s", entry.pk)
            found = problems()
            assert missing(found, entry.position), found


def test_an_entry_that_was_deleted_before_it_was_linked_is_missed_once_its_writer_went_on(trail):
    *earlier, last = trail[-3:]
    for entry in earlier:
        with attack():
            sql(f"DELETE FROM {TABLE} WHERE id = %s", entry)
            assert any("of the same writer are missing before" in each for each in problems())
    assert last


@pytest.mark.parametrize("count", range(1, 13))
def test_a_cut_end_is_missed(trail, count):
    positions = list(AuditEntry.objects.exclude(position=None).order_by("-position").values_list("position", flat=True))
    with attack():
        sql(f"DELETE FROM {TABLE} WHERE position > %s OR position IS NULL", positions[0] - count)
        assert missing(list(map(str, verify().problems)), positions[0])
        assert missing(problems(), positions[0])


@pytest.fixture
def kept(settings, tmp_path, trail):
    """The newest link is kept in DATA_DIR, as linking does once it is committed."""
    settings.DATA_DIR = tmp_path
    row, newest = AuditHead.objects.get(), head()
    assert newest is not None
    keep_head(row.trail, newest)
    return newest


@pytest.mark.parametrize("count", range(1, 12))
def test_an_end_that_was_cut_off_together_with_its_record_is_missed_by_the_file(kept, trail, count):
    with attack():
        earlier = AuditHead.objects.get()
        # The attacker has kept the record of that time: its MAC is the site's own.
        sql(f"DELETE FROM {TABLE} WHERE position > %s OR position IS NULL", kept.position - count)
        newest = head()
        put_back(earlier, newest.position, newest.digest)
        found = list(map(str, verify().problems))
        assert missing(found, kept.position), found
        write(1)
        assert missing(problems(), kept.position)


def put_back(row: AuditHead, position: int, digest: str) -> None:
    store_head(row.trail, Head(position, digest))


def test_a_whole_trail_that_was_deleted_is_missed_by_the_file(kept, trail):
    with attack():
        sql(f"DELETE FROM {TABLE}")
        sql("DELETE FROM audit_audithead")
        found = problems()
        assert any("went back from link 12 to link 0" in each for each in found), found


# ── Insertions ───────────────────────────────────────────────────────────────────────────────────────────────────────
def copy_of(entry: int, **changed: object) -> int:
    """Insert an entry's copy as the newest one; its id."""
    copy = AuditEntry.objects.get(pk=entry)
    copy.pk, copy.position, copy.digest, copy.key_hint = None, None, "", ""
    for name, value in changed.items():
        setattr(copy, name, value)
    copy.save(force_insert=True)
    return copy.pk


def test_a_copy_is_refused_and_named(trail):
    for entry in trail:
        with attack():
            copy = copy_of(entry)
            assert names(problems(), copy)


@pytest.mark.parametrize("position", [-1, 0, 1_000, 13, 2**63 - 1])
def test_a_copy_at_a_place_of_its_own_is_named_and_stops_nothing(trail, position):
    for entry in trail[:12]:
        with attack():
            copy = copy_of(entry, position=position, digest="0" * 64, key_hint=AuditHead.objects.get().key_id)
            assert names(problems(), copy)
            assert AuditEntry.objects.filter(position=None).count() == 0


def test_a_forged_entry_is_refused_and_named(trail):
    forged = {
        "nothing at all": {"mac": "", "mac_key": "", "writer": "", "number": None},
        "a MAC of one's own": {"mac": "0" * 64},
        "the next number": {"number": 99},
        "another writer": {"writer": "f" * 24, "number": 1},
        "an old one": {"writer": "carried over", "number": 1},
    }
    for changed in forged.values():
        with attack():
            copy = copy_of(trail[-1], **changed)
            assert names(problems(), copy)


def test_a_forged_erasure_explains_nothing(trail):
    """The rewritten entry, and the made-up erasure, are both named."""
    for victim in AuditEntry.objects.exclude(position=None).filter(erased_by=None).exclude(event=Event.USER_ERASED):
        with attack():
            forged = copy_of(
                trail[7], event=Event.USER_ERASED, after={"entries": [victim.pk], "entries_as_actor": [victim.pk]}
            )
            sql(
                f"UPDATE {TABLE} SET object_label = 'Erased user', before = NULL, after = NULL, object_salt = '',"
                " erased_by = %s WHERE id = %s",
                forged,
                victim.pk,
            )
            assert names(problems(), forged, victim.pk)


def test_a_real_erasure_explains_no_other_entry(trail):
    erasure = AuditEntry.objects.get(event=Event.USER_ERASED)
    for victim in AuditEntry.objects.filter(erased_by=None).exclude(pk=erasure.pk):
        with attack():
            sql(
                f"UPDATE {TABLE} SET object_label = 'Erased user', before = NULL, after = NULL, object_salt = '',"
                " erased_by = %s WHERE id = %s",
                erasure.pk,
                victim.pk,
            )
            assert names(problems(), victim.pk)


# ── Order ────────────────────────────────────────────────────────────────────────────────────────────────────────────
LINK = ("position", "digest", "key_hint")
CONTENT = tuple(field.name for field in COLUMNS if field.name not in {*LINK, "id"})
SWAPS = {
    "places": ("position",),
    "whole links": LINK,
    "ids": ("id",),
    "all that they say": CONTENT,
    "all but their ids": (*CONTENT, *LINK),
    "times": ("at",),
    "numbers": ("number",),
}


def swap(one: int, other: int, columns: tuple[str, ...]) -> None:
    first, second = (AuditEntry.objects.filter(pk=pk).values(*columns).get() for pk in (one, other))
    if columns == ("id",):
        for old, new in ((one, -1), (other, one), (-1, other)):
            sql(f"UPDATE {TABLE} SET id = %s WHERE id = %s", new, old)
        return
    AuditEntry.objects.filter(pk=one).update(position=None)
    AuditEntry.objects.filter(pk=other).update(**first)
    AuditEntry.objects.filter(pk=one).update(**{"position": AuditEntry.objects.get(pk=one).position, **second})
    if "position" not in columns:
        AuditEntry.objects.filter(pk=one).update(position=_positions[one])


_positions: dict[int, int | None] = {}


@pytest.mark.parametrize("columns", SWAPS.values(), ids=SWAPS.keys())
def test_entries_that_changed_places_are_named(trail, columns):
    _positions.update(AuditEntry.objects.values_list("id", "position"))
    linked = trail[:12]
    for one, other in zip(linked, [*linked[1:], linked[0]], strict=True):
        with attack():
            swap(one, other, columns)
            assert names(problems(), one, other)


def test_entries_that_were_all_moved_on_by_one_are_named(trail):
    with attack():
        for entry in reversed(trail[4:12]):
            sql(f"UPDATE {TABLE} SET position = position + 1 WHERE id = %s", entry)
        assert names(problems(), trail[4])


# ── Links that were taken away, so that the task links anew ──────────────────────────────────────────────────────────
UNLINK = f"UPDATE {TABLE} SET position = NULL, digest = '', key_hint = '' WHERE position >= %s"


@pytest.mark.parametrize("position", range(1, 13))
def test_links_that_were_taken_away_are_missed(trail, position):
    with attack():
        sql(UNLINK, position)
        assert missing(problems(), position)


@pytest.mark.parametrize("position", range(1, 13))
def test_what_was_altered_under_cover_of_that_is_named(trail, position):
    victim = AuditEntry.objects.get(position=position).pk
    with attack():
        sql(UNLINK, position)
        sql(f"UPDATE {TABLE} SET object_id = 'forged' WHERE id = %s", victim)
        assert names(problems(), victim)


@pytest.mark.parametrize("position", range(1, 12))
def test_what_was_deleted_under_cover_of_that_is_missed(trail, position):
    with attack():
        sql(UNLINK, position)
        sql(f"DELETE FROM {TABLE} WHERE id = %s", trail[position - 1])
        found = problems()
        assert missing(found, position)


# ── The record of the newest link ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("column", ["trail", "position", "digest", "key_id", "mac"])
def test_an_altered_record_of_the_newest_link_is_found_and_stays_on_record(trail, column):
    with attack():
        new = another_value(AuditHead._meta.get_field(column), getattr(AuditHead.objects.get(), column))
        sql(f"UPDATE audit_audithead SET {column} = %s", new)
        assert any("newest link was" in each for each in map(str, verify().problems))
        assert any("records damage" in each for each in problems())
        assert any("records damage" in each for each in problems())


def test_a_record_of_the_newest_link_that_was_removed_is_found_and_stays_on_record(trail):
    with attack():
        sql("DELETE FROM audit_audithead")
        assert any("newest link was removed" in each for each in map(str, verify().problems))
        assert any("records damage" in each for each in problems())


def test_a_record_of_the_newest_link_from_earlier_is_found(trail):
    with attack():
        earlier = AuditEntry.objects.get(position=9)
        put_back(AuditHead.objects.get(), 9, earlier.digest)
        assert any("went back from link 12 to link 9" in each for each in map(str, verify().problems))
        assert any("went back from link 12 to link 9" in each for each in problems())


# ── Drawn at random ──────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Change:
    """One statement with what it needs drawn."""

    what: str
    run: Callable[[list[int], int, str], object]


def copy_if_there(ids: list[int], at: int, text: str) -> None:
    """What was deleted before cannot be copied."""
    if AuditEntry.objects.filter(pk=ids[at]).exists():
        copy_of(ids[at], object_label=text)


MOVE = f"UPDATE {TABLE} SET position = %s WHERE id = %s"
CHANGES = (
    Change("text", lambda ids, at, text: sql(f"UPDATE {TABLE} SET object_label = %s WHERE id = %s", text, ids[at])),
    Change("actor", lambda ids, at, text: sql(f"UPDATE {TABLE} SET actor_name = %s WHERE id = %s", text, ids[at])),
    Change("channel", lambda ids, at, text: sql(f"UPDATE {TABLE} SET door = %s WHERE id = %s", text[:30], ids[at])),
    Change("salt", lambda ids, at, text: sql(f"UPDATE {TABLE} SET object_salt = %s WHERE id = %s", text[:32], ids[at])),
    Change("delete", lambda ids, at, _: sql(f"DELETE FROM {TABLE} WHERE id = %s", ids[at])),
    Change("copy", copy_if_there),
    Change("unlink", lambda ids, at, _: sql(UNLINK, at + 1)),
    Change(
        "move", lambda ids, at, text: sql(f"UPDATE {TABLE} SET position = %s WHERE id = %s", len(text) + 100, ids[at])
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(
            st.sampled_from(CHANGES),
            st.integers(0, 11),
            st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_no_sequence_of_manipulations_goes_unnoticed(trail, changes):
    with attack():
        before = list(AuditEntry.objects.order_by("id").values())
        for change, at, text in changes:
            with suppress(IntegrityError), transaction.atomic():  # two entries at one place
                change.run(trail, at, text)
        if list(AuditEntry.objects.order_by("id").values()) != before:
            assert problems()
