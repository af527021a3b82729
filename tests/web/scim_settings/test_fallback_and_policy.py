"""The fallback team and the last group policy, which are saved when they are chosen."""

import pytest
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.directory.models import SiteChoice
from tests.builders import ADMIN, make_group, make_team, make_user, remove_members
from tests.web.pages import carried, confirmation, text_of

PAGE = "/settings/configuration/scim/"
JSON = {"accept": "application/json"}


def test_the_fallback_team_is_saved_by_the_script_and_by_a_plain_form(admin_client: Client) -> None:
    general, finance = make_team("General"), make_team("Finance")
    address = reverse("web:fallback_team")

    by_script = admin_client.post(address, {"team": str(general.id)}, headers=JSON)
    assert by_script.json()["message"].startswith("Saved: General is the fallback team.")
    assert site_facts().fallback_team_id == general.id

    assert admin_client.post(address, {"team": str(finance.id)}).status_code == 302
    assert site_facts().fallback_team_id == finance.id
    assert AuditEntry.objects.filter(event="fallback_team.chosen", actor_name="root@example.com").count() == 2


def test_another_fallback_team_says_whom_it_moved_and_offers_to_undo_it(admin_client: Client) -> None:
    general, finance = make_team("General"), make_team("Finance")
    choose_fallback_team(general.id, actor=ADMIN)
    make_user()

    saved = admin_client.post(reverse("web:fallback_team"), {"team": str(finance.id)}, headers=JSON).json()

    # The local administrator is in the fallback team too.
    assert saved["message"] == "Saved: Finance is the fallback team. 2 people moved from General to Finance."
    assert "Undo</button>" in saved["details"]
    assert f'formaction="{reverse("web:scim").replace("scim/", "undo/")}' in saved["details"]


def test_no_fallback_team_is_asked_once_more_when_people_would_be_left_without_any(admin_client: Client) -> None:
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    make_user()
    address = reverse("web:fallback_team")

    asked = admin_client.post(address, {"team": ""}, headers=JSON)

    assert asked.status_code == 409
    details = asked.json()["details"]
    assert "1 person is left without any team" in details
    assert "Keep General" in details
    assert site_facts().fallback_team_id
    confirmed = details.split('data-autosave-confirm="')[1].split('"')[0]
    assert admin_client.post(address, {"team": "", "confirmed": confirmed}, headers=JSON).status_code == 200
    assert site_facts().fallback_team_id is None


def test_without_scripts_the_same_is_asked_on_the_page(admin_client: Client) -> None:
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    make_user("ada@example.com")
    address = reverse("web:fallback_team")

    asked = admin_client.post(address, {"team": ""})

    assert asked.status_code == 422
    assert "1 person is left without any team" in text_of(asked)
    assert "ada@example.com" in text_of(asked)
    admin_client.post(
        address, {"team": "", "confirmed": confirmation(asked), "previewed": carried(asked, "fallback-form")}
    )
    assert site_facts().fallback_team_id is None


def test_a_choice_made_from_an_old_page_is_asked_once_more(admin_client: Client) -> None:
    general, finance, legal = make_team("General"), make_team("Finance"), make_team("Legal")
    choose_fallback_team(general.id, actor=ADMIN)
    shown = carried(admin_client.get(PAGE), "fallback-form")
    choose_fallback_team(finance.id, actor=ADMIN)
    address = reverse("web:fallback_team")

    asked = admin_client.post(address, {"team": str(legal.id), "previewed": shown}, headers=JSON)

    assert asked.status_code == 409
    assert "Somebody else changed this meanwhile." in asked.json()["details"]
    assert site_facts().fallback_team_id == finance.id
    fresh = admin_client.post(reverse("web:preview_fallback_team"), {"team": str(legal.id)})
    admin_client.post(address, {"team": str(legal.id), "previewed": carried(fresh)}, headers=JSON)
    assert site_facts().fallback_team_id == legal.id


def test_a_choice_carries_on_from_the_one_before_it(admin_client: Client) -> None:
    general, finance = make_team("General"), make_team("Finance")
    address = reverse("web:fallback_team")
    shown = carried(admin_client.get(PAGE), "fallback-form")

    first = admin_client.post(address, {"team": str(general.id), "previewed": shown}, headers=JSON).json()
    second = admin_client.post(address, {"team": str(finance.id), "previewed": first["previewed"]}, headers=JSON)

    assert second.status_code == 200


def test_the_last_group_policy_is_asked_once_more_when_people_lose_their_access(admin_client: Client) -> None:
    address = reverse("web:last_group_policy")
    user = make_user()
    remove_members(make_group("GK Once", [user]), user)
    assert admin_client.post(address, {"policy": "fallback"}, headers=JSON).json()["message"] == (
        "Saved: Fall back to the Default Mapping. 1 person's access changed."
    )

    asked = admin_client.post(address, {"policy": "revoke"}, headers=JSON)

    assert asked.status_code == 409
    assert "1 person could no longer sign in: " in asked.json()["details"]
    assert SiteChoice.objects.live().get().last_group_policy == "fallback"


@pytest.mark.parametrize("team", ["nonsense", "4b1d5f1e-0000-4000-8000-000000000000"])
def test_a_team_that_does_not_exist_is_refused_in_words(admin_client: Client, team: str) -> None:
    answer = admin_client.post(reverse("web:fallback_team"), {"team": team}, headers={"accept": "application/json"})

    assert answer.status_code == 422
    assert "There is no team" in answer.json()["message"]
    assert site_facts().fallback_team_id is None


def test_the_last_group_policy_is_saved_and_nonsense_is_refused(admin_client: Client) -> None:
    address = reverse("web:last_group_policy")

    admin_client.post(address, {"policy": "fallback"})
    assert SiteChoice.objects.live().get().last_group_policy == "fallback"

    assert admin_client.post(address, {"policy": "x"}, headers={"accept": "application/json"}).status_code == 422
    assert SiteChoice.objects.live().get().last_group_policy == "fallback"
