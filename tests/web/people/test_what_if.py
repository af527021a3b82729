"""What if, on its page: the question stands in the address, the answer beside what is, and nothing is written."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.directory.people.users import delete_user
from gatekeeper.web.people.what_if import MOST_FOUND
from tests.builders import ENTRA, link, make_group, make_provider, make_team, make_user, map_group
from tests.web.pages import queries_of, text_of

NO_GROUP = UUID(int=7)


@pytest.fixture
def ada(db: None) -> User:
    """Collaborator by GK Legal; GK Finance would make her an administrator, GK New has no mapping."""
    make_provider()
    ada, other = make_user("ada@example.com", display_name="Ada"), make_user("bo@example.com")
    map_group(make_group("GK Legal", [ada]), "collaborator", ["reports"], [make_team("Legal")])
    map_group(make_group("GK Finance", [other]), "administrator", ["history"], [make_team("Finance")])
    make_group("GK New", [other])
    map_group(None, "employee_portal")
    link()
    return ada


def ids(*names: str) -> list[str]:
    return [str(IdpGroup.objects.get(display_name=name).pk) for name in names]


def asked(browser: Client, user: User, **query: Any) -> Any:
    return browser.get(reverse("web:what_if", args=(user.pk,)), query)


def rows_of(answer: Any) -> dict[str, list[str]]:
    """The cells of the comparison as they read, by the head of their row."""
    table = text_of(answer).partition('class="table table-stack comparison"')[2].partition("</table>")[0]
    rows = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row, re.DOTALL) for row in table.split("<tr>")[2:]]
    words = [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in rows]
    return {head: cells for head, *cells in words}


def test_a_group_that_is_added_gives_what_it_has(admin_client: Client, ada: User) -> None:
    answer = asked(admin_client, ada, add=ids("GK Finance"))

    assert rows_of(answer) == {
        "Sign-in": ["Can sign in", "Can sign in"],
        "Level": ["Collaborator", "+ gained: Administrator"],
        "Permissions": ["Reports", "+ gained: History Reports"],
        "Teams": ["Legal", "+ gained: Finance Legal"],
    }
    assert "What they have would change." in text_of(answer)
    picture = text_of(answer).partition('class="access-picture"')[2]
    assert "GK Finance" in picture
    assert "GK Legal" in picture


def test_out_of_the_last_group_there_is_no_access(admin_client: Client, ada: User) -> None:
    answer = asked(admin_client, ada, take_out=ids("GK Legal"))

    assert rows_of(answer) == {
        "Sign-in": ["Can sign in", "Can't sign in: no group gives access"],
        "Level": ["Collaborator", "− lost: No access"],
        "Permissions": ["− lost: Reports", "—"],
        "Teams": ["− lost: Legal", "—"],
    }
    assert "They could no longer sign in." in text_of(answer)
    assert "Last-group policy" in text_of(answer)


def test_of_a_group_without_a_mapping_the_default_mapping_is_said(admin_client: Client, ada: User) -> None:
    page = text_of(asked(admin_client, ada, add=ids("GK New")))

    assert "GK New has no mapping of its own: the Default Mapping applies." in page
    assert "Nothing would change." in page


def test_the_question_stands_in_the_address_and_in_the_form(admin_client: Client, ada: User) -> None:
    add, take_out = ids("GK Finance", "GK New"), ids("GK Legal")

    page = " ".join(text_of(asked(admin_client, ada, add=add, take_out=take_out)).split())

    for group, name in [*((each, "add") for each in add), *((each, "take_out") for each in take_out)]:
        assert re.search(rf'name="{name}" value="{group}" checked', page)


def test_groups_are_found_by_a_part_of_their_name(admin_client: Client, ada: User) -> None:
    other = make_user()
    for number in range(MOST_FOUND + 5):
        make_group(f"SG {number:02}", [other])
    make_group("SG never used")

    few, many = asked(admin_client, ada, q="fin gk"), asked(admin_client, ada, q="sg")

    assert [group.display_name for group in few.context["found"]] == ["GK Finance"]
    assert "1 group found." in text_of(few)
    assert len(re.findall(r'id="add-', text_of(many))) == MOST_FOUND
    assert "There are more: write more of the name." in text_of(many)
    assert "SG never used" not in text_of(many)
    assert "No other group is called like “legal”." in text_of(asked(admin_client, ada, q="legal"))


@pytest.mark.parametrize("add", ["nonsense", "\x00", str(NO_GROUP)])
def test_a_group_that_is_not_there_is_counted(admin_client: Client, ada: User, add: str) -> None:
    answer = asked(admin_client, ada, add=[add, *ids("GK Finance")])

    assert "1 group of the question is not there any more." in text_of(answer)
    assert rows_of(answer)["Level"] == ["Collaborator", "+ gained: Administrator"]


@pytest.mark.parametrize("take_out", ["nonsense", "\x00", str(NO_GROUP)])
def test_out_of_a_group_that_they_are_not_in_changes_nothing(admin_client: Client, ada: User, take_out: str) -> None:
    assert asked(admin_client, ada, take_out=[take_out, *ids("GK Finance")], q="\x00").status_code == 200


def test_nothing_is_written(admin_client: Client, ada: User) -> None:
    def every_row() -> dict[str, list[Any]]:
        return {model._meta.label: list(model.objects.order_by("pk").values()) for model in apps.get_models()}

    asked(admin_client, ada)
    before = every_row()

    answer = asked(admin_client, ada, add=ids("GK Finance", "GK New"), take_out=ids("GK Legal"), q="gk")

    assert answer.status_code == 200
    assert every_row() == before
    assert admin_client.post(reverse("web:what_if", args=(ada.pk,))).status_code == 405


def test_only_who_may_configure_asks(person_with: Callable[..., Client], admin_client: Client, ada: User) -> None:
    browser = person_with("global_administrator", "users", "history")

    assert asked(browser, ada).status_code == 403
    assert "What if" not in text_of(browser.get(reverse("web:person", args=(ada.pk,))))
    assert reverse("web:what_if", args=(ada.pk,)) in text_of(admin_client.get(reverse("web:person", args=(ada.pk,))))


def test_of_the_deleted_and_of_local_accounts_nothing_is_asked(
    admin_client: Client, administrator: User, ada: User
) -> None:
    delete_user(ada.id, actor=ENTRA)

    for user in (ada, administrator):
        assert asked(admin_client, user).status_code == 404
        page = text_of(admin_client.get(reverse("web:person", args=(user.pk,))))
        assert reverse("web:what_if", args=(user.pk,)) not in page


def test_it_costs_the_same_however_much_is_asked(admin_client: Client, ada: User) -> None:
    address = reverse("web:what_if", args=(ada.pk,))
    few = queries_of(admin_client, f"{address}?add={ids('GK Finance')[0]}&q=gk")
    many = "&".join(f"add={make_group(members=[make_user()]).pk}" for _ in range(20))

    assert queries_of(admin_client, f"{address}?{many}&q=gk") == few
