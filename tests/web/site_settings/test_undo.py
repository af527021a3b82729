"""Undo on the pages: a button in the message of each saved change, the same questions, and refusals in one line."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.directory.models import IdpGroup, Team, User
from tests.builders import ADMIN, make_group, make_team, make_users, map_group
from tests.web.pages import carried, confirmation, text_of


@dataclass
class Site:
    mapped: IdpGroup
    unmapped: IdpGroup
    finance: Team
    general: Team


@pytest.fixture
def site(db: None) -> Site:
    general, finance = make_team("General"), make_team("Finance")
    choose_fallback_team(general.id, actor=ADMIN)
    map_group(None, "collaborator")
    site = Site(make_group("GK Mapped", make_users(1)), make_group("GK Unmapped", make_users(2)), finance, general)
    map_group(site.mapped, "administrator", ["reports"], [finance])
    return site


Form = tuple[Callable[[Site], str], Callable[[Site], dict[str, str]]]


def address(name: str, *arguments: Callable[[Site], Any]) -> Callable[[Site], str]:
    return lambda site: reverse(f"web:{name}", args=[argument(site) for argument in arguments])


def fields(**data: str) -> Callable[[Site], dict[str, str]]:
    return lambda _: data


# Every form whose change can be undone: where it is, and what it sends.
FORMS: dict[str, Form] = {
    "Default Mapping": (address("default_mapping"), fields(level="global_collaborator")),
    "mapping": (address("group_mapping", lambda site: site.mapped.id), fields(level="collaborator")),
    "first mapping": (address("group_mapping", lambda site: site.unmapped.id), fields(level="administrator")),
    "reset": (address("reset_mapping", lambda site: site.mapped.id), fields()),
    "fallback team": (address("fallback_team"), lambda site: {"team": str(site.finance.id)}),
    "policy": (address("last_group_policy"), fields(policy="fallback")),
    "new team": (address("teams"), fields(name="Legal")),
    "renamed team": (address("team", lambda site: site.finance.id), fields(name="Money")),
    "deleted team": (address("delete_team", lambda site: site.finance.id), fields()),
    "merged team": (
        address("merge_team", lambda site: site.finance.id),
        lambda site: {"target": str(site.general.id)},
    ),
    "document": (
        address("as_code"),
        fields(document=json.dumps({"last_group_policy": "fallback", "default_mapping": {"level": "administrator"}})),
    ),
}


def said_by(facts: Any) -> Any:
    """The facts with teams by name."""
    names = facts.teams
    mappings = {
        group: (each.level, each.permissions, sorted(names.get(team, "") for team in each.team_ids))
        for group, each in {None: facts.default_mapping, **facts.mappings}.items()
    }
    return mappings, sorted(names.values()), names.get(facts.fallback_team_id), facts.last_group_policy


def saved(browser: Client, where: str, form: dict[str, str]) -> Any:
    """The page after Save, with a yes to whatever was asked."""
    if "document" in form:
        shown = browser.post(reverse("web:preview_document"), form)
        form = {**form, "previewed": carried(shown, "document-form")}
    answer = browser.post(where, form)
    if answer.status_code == 422:
        answer = browser.post(where, {**form, "confirmed": confirmation(answer)})
    assert answer.status_code == 302, text_of(answer)
    return browser.get(answer.headers["Location"])


def undo_of(page: Any) -> str:
    """The address of the button Undo in the page's message."""
    found = re.search(r'<form method="post" action="(/settings/configuration/undo/\d+/)">', text_of(page))
    assert found, "no button Undo"
    return found[1]


@pytest.mark.parametrize("name", FORMS)
def test_every_saved_change_has_a_button_that_undoes_it(admin_client: Client, site: Site, name: str) -> None:
    address_of, form_of = FORMS[name]
    before = said_by(site_facts())
    page = saved(admin_client, address_of(site), form_of(site))
    assert said_by(site_facts()) != before
    assert re.search(r'<button class="button" type="submit">Undo</button>', text_of(page))

    undone = saved(admin_client, undo_of(page), {})

    assert said_by(site_facts()) == before
    assert "Undone: " in text_of(undone)
    assert AuditEntry.objects.filter(event=Event.CHANGE_UNDONE, channel="pages").count() == 1
    saved(admin_client, undo_of(undone), {})
    assert said_by(site_facts()) != before


def test_what_saved_nothing_has_nothing_to_undo(admin_client: Client, site: Site) -> None:
    form = {"level": "administrator", "permissions": "reports", "teams": str(site.finance.id)}

    page = saved(admin_client, reverse("web:group_mapping", args=[site.mapped.id]), form)

    assert "GK Mapped is now Administrator" in text_of(page)
    assert "/undo/" not in text_of(page)


def granted(browser: Client, site: Site) -> str:
    """The address that undoes giving two people access."""
    map_group(site.unmapped, "none")
    page = saved(browser, reverse("web:group_mapping", args=[site.unmapped.id]), {"level": "collaborator"})
    return undo_of(page)


def test_an_undo_that_takes_access_asks_first(admin_client: Client, site: Site) -> None:
    undo = granted(admin_client, site)
    names = sorted(User.objects.filter(memberships__group=site.unmapped).values_list("user_name", flat=True))

    asked = admin_client.post(undo)

    assert asked.status_code == 422
    assert "Do you mean it?" in text_of(asked)
    assert f"2 people could no longer sign in: {names[0]} and {names[1]}." in text_of(asked)
    assert "Yes, undo it all the same" in text_of(asked)
    assert site_facts().mappings[site.unmapped.id].level is Level.COLLABORATOR
    done = admin_client.post(undo, {"confirmed": confirmation(asked)}, follow=True)
    assert site_facts().mappings[site.unmapped.id].level is Level.NONE
    assert "2 people lost access." in text_of(done)
    assert 'class="notice notice-danger"' in text_of(done)


def test_an_undo_that_gives_access_back_does_not(admin_client: Client, site: Site) -> None:
    taken = saved(admin_client, reverse("web:group_mapping", args=[site.unmapped.id]), {"level": "none"})

    done = admin_client.post(undo_of(taken), follow=True)

    assert "Undone: GK Unmapped, as it was before." in text_of(done)
    assert site.unmapped.id not in site_facts().mappings


def test_what_changed_since_is_said_in_one_line_and_nothing_is_undone(admin_client: Client, site: Site) -> None:
    undo = granted(admin_client, site)
    map_group(site.unmapped, "administrator")

    for answer in (admin_client.post(undo), admin_client.get(undo)):
        assert answer.status_code == 422
        assert "The mapping of GK Unmapped was changed again since: open it and set" in text_of(answer)
        assert "<strong>Not undone.</strong>" in text_of(answer)
        assert "data-preview" not in text_of(answer)
    assert site_facts().mappings[site.unmapped.id].level is Level.ADMINISTRATOR


def test_after_signing_in_again_the_page_says_what_the_undo_would_change(admin_client: Client, site: Site) -> None:
    undo = granted(admin_client, site)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        again = admin_client.post(undo)
        page = " ".join(text_of(admin_client.get(undo)).split())

    assert again.headers["Location"].startswith("/sign-in/again/?next=%2Fsettings%2Fconfiguration%2Fundo%2F")
    assert "Undo: GK Unmapped" in page
    assert "The access of 2 people changes." in page
    assert '<span class="loss">Collaborator → No access</span>' in page


def test_facts_that_changed_after_the_page_was_shown_are_shown_anew(admin_client: Client, site: Site) -> None:
    undo = granted(admin_client, site)
    shown = carried(admin_client.get(undo))
    make_group("GK Other", list(User.objects.filter(memberships__group=site.unmapped)))

    answer = admin_client.post(undo, {"previewed": shown})

    assert "The facts changed while you were looking" in text_of(answer)
    assert site_facts().mappings[site.unmapped.id].level is Level.COLLABORATOR


def test_the_pages_of_the_people_are_turned_by_the_script(admin_client: Client, site: Site) -> None:
    fragment = text_of(admin_client.post(f"{granted(admin_client, site)}preview/"))

    assert "2 people could no longer sign in" in fragment


@pytest.mark.parametrize(
    ("name", "form"), [("fallback_team", {"team": ""}), ("last_group_policy", {"policy": "fallback"})]
)
def test_a_choice_that_saves_itself_has_the_button_too(
    admin_client: Client, site: Site, name: str, form: dict[str, str]
) -> None:
    before = site_facts()
    where, script = reverse(f"web:{name}"), {"Accept": "application/json"}
    answer = admin_client.post(where, form, headers=script)
    if answer.status_code == 409:
        yes = answer.json()["details"].split('data-autosave-confirm="')[1].split('"')[0]
        answer = admin_client.post(where, {**form, "confirmed": yes}, headers=script)
    details = answer.json()["details"]
    undo = details.split('formaction="')[1].split('"')[0]

    assert 'form="undo-form"' in details
    assert 'id="undo-form"' in text_of(admin_client.get(reverse("web:scim")))
    admin_client.post(undo)
    assert site_facts() == before


def test_no_such_decision(admin_client: Client, site: Site) -> None:
    other = AuditEntry.objects.filter(event=Event.GROUP_CREATED).latest("id")

    assert admin_client.get(reverse("web:undo", args=[other.pk])).status_code == 404
    assert admin_client.post(reverse("web:undo", args=[other.pk + 10_000])).status_code == 404


def test_an_entry_of_the_audit_trail_leads_to_its_undo(admin_client: Client, site: Site, person_with: Any) -> None:
    undo = granted(admin_client, site)
    entry = reverse(
        "admin:audit_auditentry_change", args=[AuditEntry.objects.filter(event="mapping.set").latest("id").pk]
    )
    other = reverse(
        "admin:audit_auditentry_change", args=[AuditEntry.objects.filter(event="group.created").latest("id").pk]
    )

    assert f'href="{undo}"' in text_of(admin_client.get(entry))
    assert "/undo/" not in text_of(admin_client.get(other))
    assert "/undo/" not in text_of(person_with("collaborator", "history").get(entry))
