"""A person's page explains their access, now and at any moment, and tells what changed when."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

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

    assert "Can't sign in: awaiting the sync" in page
    assert re.search(r"awaiting the sync at <time [^>]+>[^<]+</time>, then can sign in\.", page)


@pytest.mark.parametrize("reads_people", [True, False])
def test_ones_own_page_explains_too(person_with: Callable[..., Client], reads_people: bool) -> None:
    level, permissions = ("global_administrator", ["users"]) if reads_people else ("collaborator", ["reports"])
    page = text_of(person_with(level, *permissions).get("/profile/"))
    words = words_of(page)

    assert 'class="access-picture"' in page
    if reads_people:
        assert "Level Global Administrator from GK People, since" in words
    else:
        assert "Reads and takes part within their own teams. Because you are in GK People." in words
        assert "Where access comes from" not in page.partition("<table")[2]
    assert "Removed from" not in words
    assert "What changed when" in words
    assert "Audit entry" not in words


def then_of(page: str) -> str:
    """The panel of the moment that was asked for."""
    return page.partition('<aside class="card" aria-labelledby="then-heading"')[2].partition("</aside>")[0]


def now_of(page: str) -> str:
    """What the page shows beside the panel."""
    return page.partition("<main")[2].partition('<aside class="card" aria-labelledby="then-heading"')[0]


def test_a_moment_stands_beside_now_and_leads_back(admin_client: Client, ada: User) -> None:
    page = page_of(admin_client, ada, at="2026-03-03T09:00:30")
    then, now = then_of(page), now_of(page)

    assert re.search(r"This is how it was on <time [^>]+>3 Mar 2026, 09:00:30 UTC</time>", then)
    assert "The person was then ada@example.com." in then
    assert 'href="?">Back to now</a>' in page
    assert 'value="3 Mar 2026, 09:00:30"' in page
    assert "Level Administrator from GK Finance" in words_of(then)
    assert "Removed from GK Finance by Entra on" not in then
    assert "Removed from GK Finance by Entra on" in now
    assert "<strong>No access</strong>" in now
    assert "POST" not in then.upper().replace("POSTED", "")


def test_the_difference_to_now_is_marked(admin_client: Client, ada: User) -> None:
    then = words_of(then_of(page_of(admin_client, ada, at="2026-03-03T09:00:30")))

    assert "What At that moment Now Sign-in Can't sign in: awaiting the sync" in then
    assert "Level Administrator − lost: No access" in then
    assert "Permissions − lost: Reports —" in then
    assert "Was in no group." not in then


def test_the_panel_leads_to_the_changes_around_it(admin_client: Client, ada: User) -> None:
    then = then_of(page_of(admin_client, ada, at="2026-03-03T09:01:30"))
    earlier, later = re.findall(r'href="\?at=([^"]+)"', then)

    assert (earlier[:19], later[:19]) == ("2026-03-03T09:01:00", "2026-03-03T09:02:00")
    assert "The person was then ada@example.com." in then_of(page_of(admin_client, ada, at="2026-03-03T09:00:59"))
    assert "Later change" not in then_of(page_of(admin_client, ada, at=later))


def test_one_second_decides(admin_client: Client, ada: User) -> None:
    assert "<strong>Administrator</strong>" in then_of(page_of(admin_client, ada, at="2026-03-03T09:01:59Z"))
    assert "<strong>No access</strong>" in then_of(page_of(admin_client, ada, at="2026-03-03T09:02:00Z"))


def test_the_picker_is_in_the_sites_zone_and_names_it(admin_client: Client, ada: User, settings: object) -> None:
    settings.TIME_ZONE = "Europe/Berlin"  # type: ignore[attr-defined]

    page = page_of(admin_client, ada, at="2026-03-03T10:00:30")

    assert "(Europe/Berlin)" in page
    assert "10:00:30 CET" in page
    assert "<strong>Administrator</strong>" in then_of(page)
    assert 'value="3 Mar 2026, 10:00:30"' in page


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("2999-01-01T00:00", "lies in the future"),
        ("yesterday", "is no time that can be read"),
        ("2026-03-03T25:00", "is no time that can be read"),
        ("0001-01-01T00:00:00+14:00", "is no time that can be read"),
        ("\x00", "is no time that can be read"),
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

    assert re.search(
        r"09:02:00 UTC just before 3 Mar 2026, 09:02 UTC Removed from GK Finance by Entra Audit entry", timeline
    )
    assert "Level: Administrator → No access Lost permission Reports" in timeline
    assert 'class="hint loss">Level: Administrator → No access<' in page
    assert 'class="hint loss">Lost permission Reports<' in page
    assert "The mapping of GK Finance was changed by Eva" in timeline
    assert "Provisioned by Entra" in timeline
    moments = re.findall(r'href="\?at=([^"]+)"', page)
    assert moments == sorted(moments, reverse=True)
    after, before = moments[:2]
    assert "<strong>No access</strong>" in then_of(page_of(admin_client, ada, at=after))
    assert "<strong>Administrator</strong>" in then_of(page_of(admin_client, ada, at=before))
    assert page_of(admin_client, ada, at=before).count('class="change change-shown"') == 1


def test_a_change_within_a_second_is_shown_by_its_link(admin_client: Client) -> None:
    with time_machine.travel(START + timedelta(seconds=3, microseconds=400_000), tick=False) as clock:
        user = make_user("ada@example.com")
        clock.shift(timedelta(milliseconds=200))
        map_group(make_group("GK Finance", [user]), "administrator")
    page = page_of(admin_client, user)
    after, before = re.findall(r'href="\?at=([^"]+)"', page)[:2]

    assert "<strong>Administrator</strong>" in then_of(page_of(admin_client, user, at=after))
    assert "<strong>Administrator</strong>" not in then_of(page_of(admin_client, user, at=before))


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
    assert "<strong>Administrator</strong>" in then_of(page_of(admin_client, ada, at="2026-03-03T09:00:30"))


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


def folded(page: str) -> str:
    return page.partition('<details class="fold"')[2].partition("</details>")[0]


def test_changes_without_an_effect_are_folded_where_several_follow_each_other(admin_client: Client) -> None:
    with time_machine.travel(START, tick=False) as clock:
        make_provider()
        user = make_user("ada@example.com")
        map_group(make_group("GK Finance", [user]), "collaborator")
        for name in ("GK Art", "GK Books"):
            clock.shift(60)
            map_group(make_group(name, [user]), "employee_portal")

    page = page_of(admin_client, user)

    assert "2 changes without an effect" in folded(page)
    assert "Joined GK Art" in folded(page)
    assert "Joined GK Finance" not in folded(page)
    assert 'class="fold" open' not in page
    shown = page_of(admin_client, user, at="2026-03-03T09:01:00Z")
    assert 'class="fold" open' in shown
    assert "change-shown" in folded(shown)


def test_one_change_without_an_effect_is_not_folded(admin_client: Client, ada: User) -> None:
    page = page_of(admin_client, ada)

    assert "without an effect" not in page
