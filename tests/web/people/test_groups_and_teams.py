"""The list of the IdP groups, the page of a group, and that of a team: who is in it and who gives it."""

import csv
import io
import re
from itertools import product
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from gatekeeper.directory.access.loaders import access_of, site_facts
from gatekeeper.directory.groups.people_counts import people_counts
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.directory.models import IdpGroup, Team, User
from gatekeeper.directory.permissions import Permission
from gatekeeper.runtime import row_counts
from gatekeeper.runtime.row_counts import RowCount
from tests.builders import ADMIN, link, make_group, make_provider, make_team, make_user, make_users, map_group
from tests.web.pages import queries_of, text_of


@pytest.fixture
def company(admin_client: Client) -> Client:
    """Four groups with what three mappings and the default grant, and one that never had anybody."""
    make_provider()
    north, south = make_team("North"), make_team("South")
    choose_fallback_team(make_team("General").pk, actor=ADMIN)
    ada, bo, cy = (make_user(f"{name}@x.example", display_name=name.capitalize()) for name in ("ada", "bo", "cy"))
    map_group(make_group("GK Finance", [ada, bo]), "collaborator", ["reports"], [north])
    map_group(make_group("GK Auditors", [bo]), "global_collaborator", ["history", "reports"])
    map_group(make_group("GK Former", [cy]), "none", [], [south])
    make_group("GK Sales", [ada, make_user("di@x.example", active=False)])
    make_group("GK Empty")
    map_group(None, "employee_portal", ["api"], [south])
    link()
    return admin_client


def groups(browser: Client, **query: str) -> list[str]:
    return re.findall(r'class="row-link">([^<]*)</a>', text_of(browser.get("/groups/", query)))


def test_every_group_that_ever_had_a_member_is_listed_with_what_it_grants(company: Client) -> None:
    text = " ".join(re.sub(r"<.*?>", " ", text_of(company.get("/groups/"))).split())

    assert groups(company) == ["GK Auditors", "GK Finance", "GK Former", "GK Sales"]
    assert "GK Finance 2 Collaborator Reports North own" in text
    assert "GK Sales 2 (1 active) Employee Portal API South default" in text


@pytest.mark.parametrize(
    "query", [{"q": "sales"}, {"q": "GK fin"}, {"q": "nothing"}, {"mapping": "own"}, {"mapping": "default"}]
)
def test_groups_are_found_by_name_and_by_their_mapping(company: Client, query: dict[str, str]) -> None:
    own = set(site_facts().mappings)

    def fits(group: IdpGroup) -> bool:
        named = all(word in group.display_name.casefold() for word in query.get("q", "").casefold().split())
        return named and query.get("mapping") in (None, "own" if group.pk in own else "default")

    expected = [group.display_name for group in IdpGroup.objects.on_the_page() if fits(group)]
    assert groups(company, **query) == expected


def test_groups_are_found_by_what_they_grant(company: Client) -> None:
    site = site_facts()
    everywhere = list(IdpGroup.objects.on_the_page())
    levels = ["", *(level.slug for level in Level)]
    for level, permission, team in product(levels, ("", "reports", "api"), ("", *map(str, site.teams))):
        query = {"level": level, "permission": permission, "team": team}

        def fits(group: IdpGroup, wanted: dict[str, Any] = query) -> bool:
            granted = site.mappings.get(group.pk, site.default_mapping)
            return (
                wanted["level"] in ("", granted.level.slug)
                and (not wanted["permission"] or Permission(wanted["permission"]) in granted.permissions)
                and (not wanted["team"] or wanted["team"] in map(str, granted.team_ids))
            )

        assert groups(company, **query) == [group.display_name for group in everywhere if fits(group)], query


@pytest.mark.parametrize("query", [{"level": "emperor"}, {"permission": "x"}, {"team": "x"}, {"mapping": "x"}])
def test_what_does_not_exist_no_group_grants(company: Client, query: dict[str, str]) -> None:
    assert groups(company, **query) == []


def test_the_file_has_the_groups_and_the_order_of_the_list(company: Client) -> None:
    answer = company.get("/groups/export/csv/", {"mapping": "own", "order": "-name"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]

    assert [(row["group"], row["people"], row["level"], row["teams"], row["mapping"]) for row in rows] == [
        ("GK Former", "1", "none", "South", "own"),
        ("GK Finance", "2", "collaborator", "North", "own"),
        ("GK Auditors", "1", "global_collaborator", "", "own"),
    ]


def test_a_large_group_is_not_counted_to_its_end(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_counts, "COUNTED_SOME", 3)
    large, small = make_group("GK Large", make_users(9)), make_group("GK Small", make_users(3))

    counts = people_counts([large.pk, small.pk])

    assert counts[large.pk].active == RowCount(3, is_more=True)
    assert counts[large.pk].everybody.number >= 3
    assert counts[large.pk].everybody != RowCount(3)
    assert counts[small.pk].everybody == counts[small.pk].active == RowCount(3)


def test_the_lists_cost_the_same_for_few_and_for_many(company: Client) -> None:
    finance, north = IdpGroup.objects.get(display_name="GK Finance"), Team.objects.get(name="North")
    addresses = [
        "/groups/",
        f"/groups/?team={north.pk}",
        reverse("web:group_users", args=[finance.pk]),
        reverse("web:team_people", args=[north.pk]),
    ]
    map_group(make_group("GK More than a page", make_users(60)), "administrator", ["api"], [north])
    few = [queries_of(company, address) for address in addresses]
    for number in range(30):
        map_group(make_group(f"GK More {number}", make_users(2)), "administrator", ["api"], [north])
    link()

    assert [queries_of(company, address) for address in addresses] == few


def test_the_page_of_a_group_says_what_it_grants(company: Client) -> None:
    finance = IdpGroup.objects.get(display_name="GK Finance")

    text = text_of(company.get(f"/groups/{finance.pk}/"))

    assert "<h1>GK Finance</h1>" in text
    assert re.findall(r'class="row-link">([^<]*)</a>', text) == ["Ada", "Bo"]
    assert f'href="{reverse("web:team_people", args=[Team.objects.get(name="North").pk])}">North</a>' in text
    assert f'href="{reverse("web:group_mapping", args=[finance.pk])}"' in text


def test_the_page_of_a_team_has_its_people_and_who_gives_it(company: Client) -> None:
    for team in Team.objects.live():
        text = text_of(company.get(reverse("web:team_people", args=[team.pk])))
        expected = sorted(user.label for user in User.objects.filter(active=True) if team.pk in access_of(user).teams)
        assert re.findall(r'class="row-link">([^<]*)</a>', text) == expected, team
        given = " ".join(re.sub(r"<[^>]*>", " ", text[text.index("Given by") : text.index('id="filters"')]).split())
        assert ("GK Finance" in given) is (team.name == "North"), given
        assert ("Default Mapping" in given) is (team.name == "South")
        assert ("Fallback: who has no other team" in given) is (team.name == "General")


def test_the_way_from_the_list_leads_to_the_page(company: Client) -> None:
    finance = IdpGroup.objects.get(display_name="GK Finance")
    assert f'href="/groups/{finance.pk}/" class="row-link"' in text_of(company.get("/groups/"))
    assert company.get("/groups/nonsense/").status_code == 404
    assert company.get(f"/groups/{finance.pk}/", {"q": "nobody at all"}).status_code == 200
