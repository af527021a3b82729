"""A trail of two years, whose first year is old enough to be sealed, and its folder."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain import writers
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.segments import sealing
from tests.builders import ADMIN

BEGIN = datetime(2024, 1, 1, 12, tzinfo=UTC)
NOW = BEGIN + timedelta(days=600)
CUTOFF = NOW - timedelta(days=365)
OLD, YOUNG = 12, 5  # links before and after the cutoff
ADA = UUID(int=1)


class Person:
    """Enough of a user for an actor."""

    id = ADA
    label = "Ada Lovelace"


def write(number: int, *, actor: Actor = ADMIN) -> None:
    """One entry with values that databases spell differently."""
    record(
        Event.TEAM_RENAMED,
        actor=actor,
        kind="team",
        object_id=str(number),
        label=f"Team {number} \u00e4\u4e2d",
        before={"name": "\u00e4", "size": 1.5, "budget": 1e22, "share": 0.0},
        after={"name": "b", "members": [1, 2.0, None, {"x": -0.0}], "ratio": 1e-7},
    )


def about_ada() -> None:
    """Two entries about her, one by her."""
    record(Event.USER_CREATED, actor=ADMIN, kind="user", object_id=ADA, label="Ada Lovelace", after={"name": "Ada"})
    record(Event.USER_CHANGED, actor=ADMIN, kind="user", object_id=ADA, label="Ada Lovelace", after={"name": "A. L."})
    write(100, actor=Actor.person(Person()))


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """Where segments go."""
    settings.DATA_DIR = tmp_path
    return tmp_path / "audit_segments"


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five entries a segment, so that there are three: of 5, 5 and 2 entries."""
    monkeypatch.setattr(sealing, "MOST", 5)


@pytest.fixture
def trail(time_machine: Any) -> None:
    """Twelve links of the first year by two writers, then five; the second writer goes on across the cutoff."""
    time_machine.move_to(BEGIN, tick=False)
    for number in range(4):
        write(number)
    writers.begin_anew()
    about_ada()
    for number in range(4, 9):
        write(number)
    time_machine.move_to(NOW, tick=False)
    for number in range(9, 9 + YOUNG):
        write(number)
    link_new_entries()
