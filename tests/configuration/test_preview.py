"""Before Save: who gains and who loses."""

from typing import Any

from django.test import Client
from django.urls import reverse

from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import IdpGroup
from gatekeeper.directory.queries import site_facts
from tests.builders import add_members, link, make_group, make_provider, make_user, map_group
from tests.configuration.pages import text_of


def form_of(group: IdpGroup) -> str:
    return reverse("configuration:group_mapping", args=(group.id,))


def preview(desk: Client, group: IdpGroup, **data: Any) -> str:
    return text_of(desk.post(reverse("configuration:preview_group_mapping", args=(group.id,)), data))


def carried(fragment: str) -> str:
    """What the hidden field carries to Save."""
    return fragment.split('name="previewed"')[1].split('value="')[1].split('"', maxsplit=1)[0]


def test_the_preview_counts_and_names_who_gains_what(desk: Client) -> None:
    group = make_group("GK Finance", [make_user("ada@example.com"), make_user("bo@example.com")])

    text = preview(desk, group, level="collaborator", permissions=["reports"])

    assert "The access of 2 people changes." in text
    assert "+2" in text
    assert "ada@example.com" in text
    assert "→ Collaborator" in text
    assert not site_facts().mappings


def test_the_list_of_people_can_be_searched(desk: Client) -> None:
    group = make_group("GK Finance", [make_user("ada@example.com"), make_user("bo@example.com")])

    text = preview(desk, group, level="collaborator", preview_search="ADA")

    assert "ada@example.com" in text
    assert "bo@example.com" not in text


def test_whoever_becomes_global_administrator_is_warned_of(desk: Client) -> None:
    group = make_group("GK IT", [make_user()])

    assert "1 person becomes Global Administrator." in preview(desk, group, level="global_administrator")


def test_nonsense_gives_no_preview(desk: Client) -> None:
    group = make_group("GK Finance", [make_user()])

    answer = desk.post(reverse("configuration:preview_group_mapping", args=(group.id,)), {"level": "emperor"})

    assert answer.status_code == 422


def test_save_after_the_facts_changed_shows_the_new_preview_instead(desk: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    shown = carried(preview(desk, group, level="collaborator"))
    add_members(group, make_user())

    answer = desk.post(form_of(group), {"level": "collaborator", "previewed": shown})

    assert answer.status_code == 422
    assert "The facts changed while you were looking" in text_of(answer)
    assert not site_facts().mappings
    desk.post(form_of(group), {"level": "collaborator", "previewed": carried(text_of(answer))})
    assert site_facts().mappings[group.id].level is Level.COLLABORATOR


def test_save_that_was_quicker_than_the_preview_is_saved(desk: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    shown = carried(preview(desk, group, level="collaborator"))

    desk.post(form_of(group), {"level": "administrator", "previewed": shown})

    assert site_facts().mappings[group.id].level is Level.ADMINISTRATOR


def test_losing_ones_own_access_is_asked_once_more(desk: Client, browser_of: Any) -> None:
    make_provider()
    user = make_user()
    group = make_group("GK IT", [user])
    map_group(group, "global_administrator", ["configuration"])
    link()
    browser = browser_of(user)

    asked = browser.post(form_of(group), {"level": "collaborator"})

    assert asked.status_code == 422
    assert "You can no longer configure Gatekeeper yourself." in text_of(asked)
    browser.post(form_of(group), {"level": "collaborator", "confirmed": "yes"})
    assert site_facts().mappings[group.id].level is Level.COLLABORATOR
