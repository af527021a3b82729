"""Before Save: who gains and who loses."""

from typing import Any

from django.test import Client
from django.urls import reverse

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import IdpGroup
from tests.builders import add_members, link, make_group, make_provider, make_user, map_group
from tests.web.pages import carried, confirmation, text_of


def form_of(group: IdpGroup) -> str:
    return reverse("web:group_mapping", args=(group.id,))


def asked(admin_client: Client, group: IdpGroup, **data: Any) -> Any:
    return admin_client.post(reverse("web:preview_group_mapping", args=(group.id,)), data)


def preview(admin_client: Client, group: IdpGroup, **data: Any) -> str:
    return text_of(asked(admin_client, group, **data))


def test_the_preview_counts_and_names_who_gains_what(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user("ada@example.com"), make_user("bo@example.com")])

    text = preview(admin_client, group, level="collaborator", permissions=["reports"])

    assert "The access of 2 people changes." in text
    assert "+2" in text
    assert "ada@example.com" in text
    assert "→ Collaborator" in text
    assert not site_facts().mappings


def test_the_list_of_people_can_be_searched(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user("ada@example.com"), make_user("bo@example.com")])

    text = preview(admin_client, group, level="collaborator", preview_search="ADA")

    assert "ada@example.com" in text
    assert "bo@example.com" not in text


def test_whoever_becomes_global_administrator_is_warned_of(admin_client: Client) -> None:
    group = make_group("GK IT", [make_user()])

    assert "1 person becomes Global Administrator: " in preview(admin_client, group, level="global_administrator")


def test_nonsense_gives_no_preview(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user()])

    answer = admin_client.post(reverse("web:preview_group_mapping", args=(group.id,)), {"level": "emperor"})

    assert answer.status_code == 422


def test_save_after_the_facts_changed_shows_the_new_preview_instead(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    shown = carried(asked(admin_client, group, level="collaborator"))
    add_members(group, make_user())

    answer = admin_client.post(form_of(group), {"level": "collaborator", "previewed": shown})

    assert answer.status_code == 422
    assert "The facts changed while you were looking" in text_of(answer)
    assert not site_facts().mappings
    admin_client.post(form_of(group), {"level": "collaborator", "previewed": carried(answer, "mapping-form")})
    assert site_facts().mappings[group.id].level is Level.COLLABORATOR


def test_save_that_was_quicker_than_the_preview_is_saved(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    shown = carried(asked(admin_client, group, level="collaborator"))

    admin_client.post(form_of(group), {"level": "administrator", "previewed": shown})

    assert site_facts().mappings[group.id].level is Level.ADMINISTRATOR


def test_save_after_somebody_else_changed_the_mapping_shows_the_new_preview_instead(admin_client: Client) -> None:
    group = make_group("GK Empty")
    shown = carried(admin_client.get(form_of(group)), "mapping-form")
    map_group(group, "administrator")

    answer = admin_client.post(form_of(group), {"level": "collaborator", "previewed": shown})

    assert "The facts changed while you were looking" in text_of(answer)
    assert site_facts().mappings[group.id].level is Level.ADMINISTRATOR


def test_somebody_becoming_global_administrator_is_asked_once_more(admin_client: Client) -> None:
    group = make_group("GK IT", [make_user(), make_user()])

    question = admin_client.post(form_of(group), {"level": "global_administrator"})

    assert question.status_code == 422
    assert "Do you mean it?" in text_of(question)
    assert "2 people become Global Administrator: " in text_of(question)
    assert not site_facts().mappings
    admin_client.post(form_of(group), {"level": "global_administrator", "confirmed": confirmation(question)})
    assert site_facts().mappings[group.id].level is Level.GLOBAL_ADMINISTRATOR


def test_a_yes_to_one_consequence_is_none_to_another(admin_client: Client) -> None:
    group = make_group("GK IT", [make_user()])
    question = admin_client.post(form_of(group), {"level": "global_administrator"})
    add_members(group, make_user())

    again = admin_client.post(form_of(group), {"level": "global_administrator", "confirmed": confirmation(question)})

    assert again.status_code == 422
    assert "2 people become Global Administrator: " in text_of(again)
    assert not site_facts().mappings


def leader(browser_of: Any) -> tuple[Client, IdpGroup]:
    """A browser of somebody who may configure by their group."""
    make_provider()
    user = make_user()
    group = make_group("GK Leaders", [user])
    map_group(group, "global_administrator", ["configuration"])
    link()
    return browser_of(user), group


def test_losing_ones_own_access_is_asked_once_more(admin_client: Client, browser_of: Any) -> None:
    browser, group = leader(browser_of)

    question = browser.post(form_of(group), {"level": "collaborator"})

    assert question.status_code == 422
    assert "You can no longer configure Gatekeeper yourself." in text_of(question)
    browser.post(form_of(group), {"level": "collaborator", "confirmed": confirmation(question)})
    assert site_facts().mappings[group.id].level is Level.COLLABORATOR


def test_what_would_leave_nobody_is_said_in_the_preview_and_refused_without_a_question(browser_of: Any) -> None:
    browser, group = leader(browser_of)

    assert "Nobody could configure Gatekeeper any more, so it is not saved." in preview(browser, group, level="none")
    answer = browser.post(form_of(group), {"level": "none"})

    assert "no active person who may configure" in text_of(answer)
    assert "Do you mean it?" not in text_of(answer)
    assert site_facts().mappings[group.id].level is Level.GLOBAL_ADMINISTRATOR


def test_the_reset_shows_what_it_would_change_beside_its_button(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user("ada@example.com")])
    map_group(group, "administrator")

    text = text_of(admin_client.get(form_of(group)))

    assert "1 person's access changes." in text.split('id="reset-form"', 1)[1]
    assert "Administrator → Employee Portal" in " ".join(text.split('id="reset-form"', 1)[1].split())


def test_the_reset_after_facts_changed_shows_the_new_preview_instead(admin_client: Client) -> None:
    group = make_group("GK Finance", [make_user()])
    map_group(group, "administrator")
    address = reverse("web:reset_mapping", args=(group.id,))
    shown = carried(admin_client.get(form_of(group)), "reset-form")
    add_members(group, make_user())

    answer = admin_client.post(address, {"previewed": shown})

    assert answer.status_code == 422
    assert "The facts changed while you were looking" in text_of(answer)
    assert group.id in site_facts().mappings
    admin_client.post(address, {"previewed": carried(answer, "reset-form")})
    assert not site_facts().mappings


def test_a_reset_that_takes_ones_own_right_is_asked_once_more(admin_client: Client, browser_of: Any) -> None:
    browser, group = leader(browser_of)
    address = reverse("web:reset_mapping", args=(group.id,))

    question = browser.post(address)

    assert "You can no longer configure Gatekeeper yourself." in text_of(question)
    assert "Yes, reset it all the same" in text_of(question)
    browser.post(address, {"confirmed": confirmation(question)})
    assert not site_facts().mappings


def test_the_pages_of_people_go_on_from_where_the_reader_is(admin_client: Client) -> None:
    people = [make_user(f"p{number:03}@example.com") for number in range(60)]
    group = make_group("GK Many", people)
    assert "Next people" in preview(admin_client, group, level="collaborator")

    rest = preview(admin_client, group, level="collaborator", preview_after=str(people[49].id))

    assert "p050@example.com" in rest
    assert "p049@example.com" not in rest
    assert "Previous people" in rest
    assert "Next people" not in rest
    back = preview(admin_client, group, level="collaborator", preview_before=str(people[55].id))
    assert "p005@example.com" in back
    assert "p055@example.com" not in back


def test_a_place_that_is_no_id_is_the_start(admin_client: Client) -> None:
    group = make_group("GK", [make_user("ada@example.com")])

    assert "ada@example.com" in preview(admin_client, group, level="collaborator", preview_after="x'\x00")
