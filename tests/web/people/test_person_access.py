"""A person's page explains their access, now and at any moment, and tells what changed when."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import set_mapping
from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.directory.permissions import Permission
from tests.builders import (
    ENTRA,
    add_members,
    link,
    make_group,
    make_provider,
    make_team,
    make_user,
    map_group,
    remove_members,
)
from tests.web.pages import queries_of, text_of

EVA = Actor("person", "Eva")
START = datetime(2026, 3, 3, 9, tzinfo=UTC)


def page_of(admin_client: Client, user: User, **query: str) -> str:
    return " ".join(text_of(admin_client.get(reverse("web:person", args=(user.pk,)), query)).split())


def words_of(page: str) -> str:
    """Without the markup, as it reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split()).replace(" ,", ",").replace(" .", ".")


@pytest.fixture
def ada(admin_client: Client) -> User:
    """Administrator by GK Finance from 9:00:00 on; renamed at 9:01:00 and removed at 9:02:00; it is 10:00 now."""
    with time_machine.travel(START, tick=False) as clock:
        make_provider()
        ada = make_user("ada@example.com")
        group = make_group("GK Finance", [ada])
        wanted = MappingRecord(level=Level.ADMINISTRATOR, permissions=frozenset({Permission.REPORTS}))
        set_mapping(group.id, wanted, actor=EVA)
        clock.shift(60)
        edit_user(ada.id, lambda state: replace(state, user_name="king@example.com"), actor=ENTRA)
        clock.shift(60)
        remove_members(group, ada)
    return User.objects.get(pk=ada.id)


def test_each_thing_names_its_sources_since_when_and_by_whose_decision(admin_client: Client) -> None:
    make_provider()
    user, finance = make_user(), make_team("Finance")
    with time_machine.travel(START, tick=False):
        group = make_group("GK Finance", [user])
        wanted = MappingRecord(
            level=Level.COLLABORATOR,
            permissions=frozenset({Permission.REPORTS, Permission.USERS}),
            team_ids=frozenset({finance.id}),
        )
        set_mapping(group.id, wanted, actor=EVA)
    make_group("GK Legal", [user])

    words = words_of(page_of(admin_client, user))

    assert "Level Collaborator from GK Finance, since" in words
    assert words.count("decided by Eva") == 4  # level, two permissions and the team
    assert "Users No effect: needs Global Administrator from GK Finance" in words
    assert "GK Legal (Default Mapping)" in words


def test_a_person_who_waits_is_shown_when_they_can_sign_in(admin_client: Client) -> None:
    make_provider()
    user = make_user()

    page = page_of(admin_client, user)

    assert "Awaiting the sync." in page
    assert re.search(r"awaiting the sync at <time [^>]+>[^<]+</time>, then can sign in\.", page)


def test_ones_own_page_explains_too(person_with: Callable[..., Client]) -> None:
    words = words_of(text_of(person_with("collaborator", "reports").get("/profile/")))

    assert "Level Collaborator from GK People, since" in words
    assert "Removed from" not in words
    assert "What changed when" in words
    assert "Audit entry" not in words


def test_the_page_of_a_moment_says_so_and_leads_back(admin_client: Client, ada: User) -> None:
    page = page_of(admin_client, ada, at="2026-03-03T09:00:30")

    assert re.search(r"This is how it was on <time [^>]+>3 Mar 2026, 09:00:30 UTC</time>", page)
    assert "The person was then ada@example.com." in page
    assert 'href="?">Back to now</a>' in page
    assert 'value="2026-03-03T09:00:30"' in page
    assert "Level Administrator from GK Finance" in words_of(page)
    assert "Removed from GK Finance by Entra on" not in page.partition("What changed when")[0]


def test_one_second_decides(admin_client: Client, ada: User) -> None:
    assert "<strong>Administrator</strong>" in page_of(admin_client, ada, at="2026-03-03T09:01:59Z")
    assert "<strong>No access</strong>" in page_of(admin_client, ada, at="2026-03-03T09:02:00Z")


def test_the_picker_is_in_the_sites_zone_and_names_it(admin_client: Client, ada: User, settings: object) -> None:
    settings.TIME_ZONE = "Europe/Berlin"  # type: ignore[attr-defined]

    page = page_of(admin_client, ada, at="2026-03-03T10:00:30")

    assert "(Europe/Berlin)" in page
    assert "10:00:30 CET" in page
    assert "<strong>Administrator</strong>" in page


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2999-01-01T00:00", "lies in the future"),
        ("yesterday", "is no ISO 8601 time"),
        ("2026-03-03T25:00", "is no ISO 8601 time"),
        ("0001-01-01T00:00:00+14:00", "is no ISO 8601 time"),
        ("\x00", "is no ISO 8601 time"),
        ("2020-01-01", "there is nothing to show before that"),
    ],
)
def test_a_moment_that_cannot_be_shown_is_refused_with_a_sentence(
    admin_client: Client, ada: User, at: str, reason: str
) -> None:
    answer = admin_client.get(reverse("web:person", args=(ada.pk,)), {"at": at})

    assert answer.status_code == 400
    assert reason in text_of(answer)
    assert "This is how it was" not in text_of(answer)


def test_the_timeline_tells_what_changed_and_leads_there(admin_client: Client, ada: User) -> None:
    page = page_of(admin_client, ada)
    timeline = words_of(page.partition('id="timeline"')[2])

    assert re.search(r"09:02:00 UTC Removed from GK Finance by Entra Audit entry", timeline)
    assert "Level: Administrator → No access Lost permission Reports" in timeline
    assert "The mapping of GK Finance was changed by Eva" in timeline
    assert "Provisioned by Entra" in timeline
    moments = re.findall(r'href="\?at=([^"]+)"', page)
    assert moments == sorted(moments, reverse=True)
    assert "<strong>Administrator</strong>" in page_of(admin_client, ada, at=moments[1])


def test_the_timeline_has_pages(admin_client: Client, ada: User) -> None:
    group = make_group("GK Back and forth")
    for _ in range(6):
        add_members(group, ada)
        remove_members(group, ada)

    page = page_of(admin_client, ada, page="2")

    assert 'href="?page=1#timeline"' in page
    assert "Provisioned" in page
    assert "Provisioned" not in page_of(admin_client, ada, page="nonsense")


def test_the_page_of_the_deleted_answers_for_the_past(admin_client: Client, ada: User) -> None:
    add_members(IdpGroup.objects.get(), ada)
    delete_user(ada.id, actor=ENTRA)

    assert "Deleted by the identity provider on" in page_of(admin_client, ada)
    assert "<strong>Administrator</strong>" in page_of(admin_client, ada, at="2026-03-03T09:00:30")


def test_the_page_costs_the_same_however_much_has_happened(admin_client: Client) -> None:
    make_provider()
    user = make_user()
    group = make_group("GK Finance", [user])
    link()
    address = reverse("web:person", args=(user.pk,))
    few = queries_of(admin_client, address)
    for level in ("administrator", "collaborator") * 8:
        map_group(group, level)

    assert queries_of(admin_client, address) == few
