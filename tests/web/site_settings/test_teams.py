"""Teams on their pages: where people go when one ends, said before it does."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gatekeeper.directory.access import people_pages
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.directory.models import Team
from gatekeeper.directory.teams.people_counts import people_of_teams
from gatekeeper.directory.teams.teams import rename_team
from gatekeeper.runtime import row_counts
from gatekeeper.runtime.row_counts import RowCount
from gatekeeper.web.site_settings.team_list import TeamList
from tests.builders import ADMIN, add_members, make_group, make_team, make_user, make_users, map_group, remove_members
from tests.web.pages import carried, confirmation, queries_of, text_of

PAGE = "/settings/configuration/authentication/"


def page(team: Team) -> str:
    return reverse("web:team", args=(team.id,))


def delete(team: Team) -> str:
    return reverse("web:delete_team", args=(team.id,))


def merge(team: Team) -> str:
    return reverse("web:merge_team", args=(team.id,))


def test_the_page_says_where_people_go_when_the_team_is_deleted(admin_client: Client) -> None:
    finance, legal = make_team("Finance"), make_team("Legal")
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    ada, *others = make_users(3)
    map_group(make_group(members=[ada, *others]), teams=[finance])
    map_group(make_group(members=[ada]), teams=[legal])

    asked_by_the_script = admin_client.post(reverse("web:preview_delete_team", args=(finance.id,)))
    without_scripts = admin_client.get(f"{page(finance)}?preview")

    for answer in (asked_by_the_script, without_scripts):
        text = " ".join(text_of(answer).split())
        assert "1 person keeps another team; 2 people go to General, the fallback team." in text
        assert others[0].user_name in text
    at_once = text_of(admin_client.get(page(finance)))
    assert "data-preview-now" in at_once
    assert others[0].user_name not in at_once


def test_deleting_after_facts_changed_shows_the_new_preview_instead(admin_client: Client) -> None:
    finance = make_team("Finance")
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    group = make_group(members=[make_user()])
    map_group(group, teams=[finance])
    shown = carried(admin_client.get(f"{page(finance)}?preview"), "delete-form")
    add_members(group, make_user())

    answer = admin_client.post(delete(finance), {"previewed": shown})

    assert answer.status_code == 422
    assert "The facts changed while you were looking" in text_of(answer)
    assert Team.objects.live().filter(pk=finance.pk).exists()
    said = text_of(admin_client.post(delete(finance), {"previewed": carried(answer, "delete-form")}, follow=True))
    assert "The team Finance is deleted. 2 people go to General, the fallback team." in said


def test_deleting_is_asked_once_more_when_people_would_be_left_without_any_team(admin_client: Client) -> None:
    finance = make_team("Finance")
    map_group(make_group(members=[make_user()]), teams=[finance])

    question = admin_client.post(delete(finance))

    assert "1 person is left without any team" in text_of(question)
    assert "Yes, delete it all the same" in text_of(question)
    assert Team.objects.live().exists()
    admin_client.post(delete(finance), {"confirmed": confirmation(question)})
    assert not Team.objects.live().exists()


def test_a_merger_is_previewed_and_carried_out(admin_client: Client) -> None:
    finance, money = make_team("Finance"), make_team("Money")
    map_group(make_group(members=[make_user("ada@example.com")]), teams=[finance])

    preview = admin_client.post(reverse("web:preview_merge", args=(finance.id,)), {"target": str(money.id)})
    assert "ada@example.com" in text_of(preview)
    answer = admin_client.post(merge(finance), {"target": str(money.id), "previewed": carried(preview)}, follow=True)

    assert "Finance is merged into Money" in text_of(answer)
    assert set(site_facts().teams) == {money.id}


def test_a_merger_after_facts_changed_shows_the_new_preview_instead(admin_client: Client) -> None:
    finance, money = make_team("Finance"), make_team("Money")
    group = make_group(members=[make_user()])
    map_group(group, teams=[finance])
    shown = carried(admin_client.post(reverse("web:preview_merge", args=(finance.id,)), {"target": str(money.id)}))
    add_members(group, make_user())

    answer = admin_client.post(merge(finance), {"target": str(money.id), "previewed": shown})

    assert "The facts changed while you were looking" in text_of(answer)
    assert len(site_facts().teams) == 2
    admin_client.post(merge(finance), {"target": str(money.id), "previewed": carried(answer, "merge-form")})
    assert set(site_facts().teams) == {money.id}


def test_a_merger_needs_another_team(admin_client: Client) -> None:
    finance = make_team("Finance")

    for target in ("", str(finance.id), "nonsense", "4b1d5f1e-0000-4000-8000-000000000000"):
        answer = admin_client.post(merge(finance), {"target": target})
        assert answer.status_code == 422
        assert "Choose another team" in text_of(answer)
        assert (
            admin_client.post(reverse("web:preview_merge", args=(finance.id,)), {"target": target}).status_code == 422
        )
    assert Team.objects.live().exists()


def test_the_page_of_the_fallback_team_offers_a_merger_and_no_deletion(admin_client: Client) -> None:
    general = make_team("General")
    make_team("Finance")
    choose_fallback_team(general.id, actor=ADMIN)

    text = " ".join(text_of(admin_client.get(page(general))).split())

    assert "The fallback team can't be deleted while it is one." in text
    assert "and it becomes the fallback team" in text
    assert "Delete General" not in text


def test_a_name_that_was_changed_meanwhile_is_not_overwritten(admin_client: Client) -> None:
    team = make_team("Finance")
    rename_team(team.id, "Money", actor=ADMIN)

    answer = admin_client.post(page(team), {"name": "Cash", "called": "Finance"})

    assert "Somebody renamed it meanwhile: it is called Money now." in text_of(answer)
    assert Team.objects.get(pk=team.pk).name == "Money"


def test_a_team_that_is_gone_is_404(admin_client: Client) -> None:
    address = "/settings/configuration/teams/4b1d5f1e-0000-4000-8000-000000000000/"
    assert admin_client.get(address).status_code == 404
    for way in ("delete/", "merge/"):
        assert admin_client.post(address + way).status_code == 404


def test_who_is_in_the_fallback_team_by_fallback_is_listed_searched_and_paged(admin_client: Client) -> None:
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    people = [make_user(f"p{number:02}@example.com") for number in range(55)]
    address = reverse("web:fallback_people")

    first = text_of(admin_client.get(address))
    assert "56 people" in first  # the local administrator too
    assert "In no group, and the Default Mapping names no team." in first
    assert "p49@example.com" in first
    assert "p50@example.com" not in first
    rest = text_of(admin_client.get(address, {"after": str(people[49].id)}))
    assert "p50@example.com" in rest
    assert "Previous people" in rest
    found = text_of(admin_client.get(address, {"q": "P07"}))
    assert "p07@example.com" in found
    assert "p08@example.com" not in found
    assert "Nobody is called like that" in text_of(admin_client.get(address, {"q": "nobody\x00"}))


def test_the_list_of_who_is_there_by_fallback_costs_the_same_for_few_and_for_many(admin_client: Client) -> None:
    address = reverse("web:fallback_people")
    make_group(members=make_users(2))
    few = queries_of(admin_client, address)
    make_group(members=make_users(12))

    assert queries_of(admin_client, address) == few


def test_teams_are_created_renamed_and_deleted(admin_client: Client) -> None:
    admin_client.post(reverse("web:teams"), {"name": "Finance"})
    team = Team.objects.get()

    admin_client.post(reverse("web:team", args=(team.id,)), {"name": "Money"})
    assert Team.objects.get().name == "Money"

    admin_client.post(reverse("web:delete_team", args=(team.id,)))
    assert not Team.objects.live().exists()


def test_a_taken_name_and_an_empty_one_are_refused_in_words(admin_client: Client) -> None:
    make_team("Finance")

    taken = admin_client.post(reverse("web:teams"), {"name": "FINANCE"})
    empty = admin_client.post(reverse("web:teams"), {"name": " "})

    assert "Another team is already called FINANCE." in text_of(taken)
    assert "Give the team a name." in text_of(empty)


def test_the_fallback_team_is_not_deleted(admin_client: Client) -> None:
    team = make_team("General")
    choose_fallback_team(team.id, actor=ADMIN)

    answer = admin_client.post(reverse("web:delete_team", args=(team.id,)), follow=True)

    assert "General is the fallback team" in text_of(answer)
    assert Team.objects.live().exists()


def row_of(text: str, team: Team) -> str:
    """The row of a team in the list, as one line."""
    row = re.search(rf'<tr data-entry="{team.pk}">.*?</tr>', text, re.DOTALL)
    assert row
    return " ".join(row.group().split())


def cell(row: str, label: str) -> str:
    found = re.search(rf'<td data-label="{label}">(.*?)</td>', row)
    assert found
    return " ".join(re.sub("<[^>]*>", "", found.group(1)).split())


def test_the_list_says_who_is_in_each_team_and_links_the_groups_that_give_it(admin_client: Client) -> None:
    general, finance, empty = make_team("General"), make_team("Finance"), make_team("Empty")
    choose_fallback_team(general.id, actor=ADMIN)
    both = make_user()
    groups = [make_group(f"GK {name}", [both, make_user()]) for name in "ABCDE"]
    for group in groups:
        map_group(group, "collaborator", teams=[finance])
    map_group(make_group("GK None", [make_user()]), "none", teams=[finance])
    map_group(make_group("GK Teamless", [make_user()]), "collaborator")
    make_user("inactive@example.com", active=False)

    text = text_of(admin_client.get("/settings/configuration/teams/"))

    finances = row_of(text, finance)
    assert cell(finances, "People") == "6"
    assert finances.count("/groups/") == 4
    assert "3 more groups" in cell(finances, "Given by")
    assert f"/groups/?team={finance.pk}" in finances
    assert "fallback team" in row_of(text, general)
    assert cell(row_of(text, general), "People") == "2", "the local administrator, and who has no other team"
    assert cell(row_of(text, empty), "People") == "0"
    assert cell(row_of(text, empty), "Given by") == "no mapping"


@pytest.mark.parametrize("in_default", [False, True])
def test_the_count_of_a_team_is_that_of_its_page(admin_client: Client, in_default: bool) -> None:
    general, finance = make_team("General"), make_team("Finance")
    choose_fallback_team(general.id, actor=ADMIN)
    make_user("groupless@example.com")
    removed = make_user("removed@example.com")
    remove_members(make_group("GK Left", [removed]), removed)
    map_group(make_group("GK A", make_users(3)), "administrator", teams=[finance])
    map_group(None, "collaborator", teams=[finance] if in_default else [])

    counts = people_of_teams([general.pk, finance.pk], site_facts())

    for team in (general, finance):
        page = admin_client.get(reverse("web:team_people", args=[team.pk])).context_data["cl"]  # type: ignore[attr-defined]
        assert counts[team.pk].number == len(page.result_list), team


@pytest.mark.parametrize("few", [0, 1000])
def test_people_of_large_teams_are_counted_up_to_a_bound(few: int, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(row_counts, "COUNTED_SOME", 2)
    monkeypatch.setattr(people_pages, "NEAR", few)
    team = make_team("Finance")
    map_group(make_group("GK A", make_users(4)), "administrator", teams=[team])

    assert people_of_teams([team.pk], site_facts()) == {team.pk: RowCount(2, is_more=True)}
    assert people_of_teams([], site_facts()) == {}


@pytest.mark.parametrize("default", ["none", "collaborator"])
@pytest.mark.parametrize("bound", [1, 3, 100])
def test_in_a_large_company_the_counts_are_the_same_up_to_the_bound(
    bound: int, default: str, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    general, finance = make_team("General"), make_team("Finance")
    choose_fallback_team(general.id, actor=ADMIN)
    make_users(3)
    left = make_user("removed@example.com")
    remove_members(make_group("GK Left", [left]), left)
    map_group(make_group("GK A", make_users(2)), "administrator", teams=[finance])
    map_group(make_group("GK Teamless", make_users(2)), "administrator")
    map_group(None, default)
    exact = people_of_teams([general.pk, finance.pk], site_facts())

    monkeypatch.setattr(row_counts, "COUNTED_SOME", bound)
    monkeypatch.setattr(people_pages, "NEAR", 0)

    assert exact == {general.pk: RowCount(5 if default == "collaborator" else 2), finance.pk: RowCount(2)}
    assert people_of_teams([general.pk, finance.pk], site_facts()) == {
        team: RowCount(bound, is_more=True) if count.number > bound else count for team, count in exact.items()
    }


@pytest.mark.parametrize("active", [0, 1, 2, 3])
def test_those_who_are_not_among_the_first_members_are_counted_too(
    active: int, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(row_counts, "COUNTED_SOME", 2)
    monkeypatch.setattr(people_pages, "NEAR", 0)
    team, people = make_team("Finance"), make_users(active)
    absent = [make_user(f"absent.{number}@example.com", active=False) for number in range(8)]
    for group in (make_group("GK A", [*absent, *people]), make_group("GK B", people)):
        map_group(group, "administrator", teams=[team])
    map_group(make_group("GK None", make_users(8)), "none", teams=[team])

    expected = RowCount(active) if active <= 2 else RowCount(2, is_more=True)
    assert people_of_teams([team.pk], site_facts()) == {team.pk: expected}


def test_the_list_says_when_a_team_changed_last(admin_client: Client) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=3)):
        team, silent = make_team("Finance"), Team.objects.create(name="Older", name_folded="older")
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        rename_team(team.pk, "Money", actor=ADMIN)

    text = text_of(admin_client.get("/settings/configuration/teams/"))

    assert "2 days ago" in cell(row_of(text, team), "Changed")
    assert "3 days ago" in cell(row_of(text, silent), "Changed"), "of a team that the trail does not tell of (any more)"


def test_teams_are_searched_sorted_and_paged(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [make_team(name) for name in ("Beta", "alpha", "Gamma", "Ünit")]
    monkeypatch.setattr(TeamList, "list_per_page", 2)

    def shown(query: str) -> list[str]:
        cl = admin_client.get(f"/settings/configuration/teams/{query}").context_data["cl"]  # type: ignore[attr-defined]
        return [team.name for team in cl.result_list]

    assert shown("") == ["alpha", "Beta"]
    assert shown("?order=-name") == ["Ünit", "Gamma"]
    assert shown(f"?after={made[0].pk}") == ["Gamma", "Ünit"]
    assert shown("?q=üNI") == ["Ünit"]
    assert "Clear filters" in text_of(admin_client.get("/settings/configuration/teams/?q=nothing"))


def test_the_list_of_teams_costs_the_same_for_few_and_for_many(admin_client: Client) -> None:
    team = make_team()
    map_group(make_group(None, [make_user()]), "collaborator", teams=[team])
    few = queries_of(admin_client, "/settings/configuration/teams/")
    for _ in range(5):
        map_group(make_group(None, [make_user()]), "collaborator", teams=[make_team(), team])

    assert queries_of(admin_client, "/settings/configuration/teams/") == few
