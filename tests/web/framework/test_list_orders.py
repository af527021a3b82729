"""Every list in every order that its heads offer: each row once, from the first page to the last and back."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from itertools import chain
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.directory.models import IdpGroup, User
from gatekeeper.web.urls import LISTS
from saml.models import SignInAttempt, SyncRun
from scim.models import TokenRequest
from tests.builders import link, log_request, make_group, make_provider, make_user, map_group
from tests.web.pages import text_of

NOW = timezone.now()


def people() -> None:
    """Equal names and moments, names that differ in case only, nobody's e-mail; half of them have Reports."""
    make_provider()
    named = ["", "Ada", "ada", "Ada", "Zoë", "Ångström", "bo", "", "Cy"]
    made = [
        make_user(
            f"Person{number}@example.com", display_name=name, work_email=f"m{number // 2}@x.com" if number % 3 else None
        )
        for number, name in enumerate(named)
    ]
    for number, person in enumerate(made):
        User.objects.filter(pk=person.pk).update(created_at=NOW - timedelta(hours=number // 3))
    map_group(make_group("GK Half", made[::2]), "collaborator", ["reports"])
    link()


def entries() -> None:
    for number in range(9):
        log_request("changed" if number % 2 else "refused", user_label=f"entry {number}")


def attempts() -> None:
    SignInAttempt.objects.bulk_create(SignInAttempt(accepted=bool(number % 2)) for number in range(9))


def runs() -> None:
    SyncRun.objects.bulk_create(
        SyncRun(started_at=NOW - timedelta(hours=number // 2), actor_kind="clock", actor_name="x")
        for number in range(9)
    )


def token_requests() -> None:
    TokenRequest.objects.bulk_create(TokenRequest(accepted=True) for _ in range(9))


def groups() -> None:
    everybody = [make_user(f"person{number}@example.com") for number in range(3)]
    for number, name in enumerate(["Zeta", "alpha", "Ärzte", "beta", "Beta 2", "gamma", "omega", "éclair", "x", "42"]):
        group = make_group(f"{name} team", everybody[: number % 4] or everybody[:1])
        IdpGroup.objects.filter(pk=group.pk).update(updated_at=NOW - timedelta(hours=number // 3))


FILLED: dict[type[Model], Callable[[], None]] = {
    IdpGroup: groups,
    AuditEntry: people,  # whose making is in the trail
    ProvisioningEntry: entries,
    SignInAttempt: attempts,
    SyncRun: runs,
    TokenRequest: token_requests,
    User: people,
}
ORDERS = [
    pytest.param(model, order, id=f"{shown_by.address}{order and ' by '}{order}")
    for model, shown_by in LISTS.items()
    for order in ("", *(f"{sign}{name}" for name in shown_by.orders for sign in ("", "-")))
]


def page(browser: Client, address: str) -> tuple[list[str], dict[str, str]]:
    """The rows of a page, and where its links to other pages lead."""
    answer = browser.get(address)
    text = text_of(answer)
    rows = [str(row.pk) for row in answer.context_data["cl"].result_list]  # type: ignore[attr-defined]
    links = re.findall(r'href="([^"]*)"[^>]*>(Previous page|Next page|Last page|First page)</a>', text)
    return rows, {name: unescape(to) for to, name in links}


def walked(browser: Client, path: str, query: str, onwards: str) -> list[list[str]]:
    """The rows of each page, turned by the link that is called so."""
    pages = []
    while True:
        rows, links = page(browser, path + query)
        pages.append(rows)
        if onwards not in links:
            return pages
        assert len(pages) < 50, "the pages have no end"
        query = links[onwards]


def check_walk(browser: Client, path: str, query: str) -> list[str]:
    forward = walked(browser, path, query, "Next page")
    _, links = page(browser, path + query)
    backward = walked(browser, path, links.get("Last page", query), "Previous page")
    there, back = list(chain(*forward)), list(chain(*reversed(backward)))
    assert len(there) == len(set(there)), "a row stands on two pages"
    assert list(dict.fromkeys(back)) == there, "the first page may be filled up, on the way back"
    return there


@pytest.mark.parametrize(("model", "order"), ORDERS)
def test_each_row_stands_on_one_page(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, model: type[Model], order: str
) -> None:
    shown_by = LISTS[model]
    path, opposite = f"/{shown_by.address}/", order.removeprefix("-") if order.startswith("-") else f"-{order}"
    FILLED[model]()
    whole, _ = page(admin_client, f"{path}?order={order}")
    reverse, _ = page(admin_client, f"{path}?order={opposite}")
    monkeypatch.setattr(shown_by, "list_per_page", 4)

    found = check_walk(admin_client, path, f"?order={order}")

    assert len(found) > 8
    assert found == whole
    assert not order or reverse == whole[::-1]


@pytest.mark.parametrize("order", ["", "-name", "email", "-email", "created", "-created"])
@pytest.mark.parametrize("narrowed", ["readiness=can_sign_in", "permission=reports", "q=person", "origin=scim"])
def test_people_whom_filters_leave_are_sorted_and_paged(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, narrowed: str, order: str
) -> None:
    people()
    whole, _ = page(admin_client, f"/users/?order={order}")
    among, _ = page(admin_client, f"/users/?{narrowed}")
    monkeypatch.setattr(LISTS[User], "list_per_page", 2)

    found = check_walk(admin_client, "/users/", f"?{narrowed}&order={order}")

    assert found == [row for row in whole if row in among]
    assert found


def heads(text: str) -> dict[str, tuple[str, str]]:
    """Of each head that sorts: the direction that it states, and the order that a click chooses."""
    cells = re.findall(r"<th([^>]*)>\s*<a class=\"sort-link\" href=\"([^\"]*)\">([^<]*)<", text)
    return {
        name: (
            "".join(re.findall(r'aria-sort="(\w+)"', attributes)),
            "".join(re.findall(r"order=([\w-]+)", unescape(address))),
        )
        for attributes, address, name in cells
    }


def test_heads_say_the_order_and_lead_to_the_other_one(admin_client: Client) -> None:
    people()

    def shown(query: str) -> Any:
        return heads(text_of(admin_client.get(f"/users/{query}")))

    assert shown("") == {"User": ("ascending", "-name"), "Work e-mail": ("", "email")}
    assert shown("?order=-name") == {"User": ("descending", "name"), "Work e-mail": ("", "email")}
    assert shown("?order=email") == {"User": ("", "name"), "Work e-mail": ("ascending", "-email")}
    assert shown("?order=nonsense") == shown("")


def test_sorting_keeps_the_filters_and_begins_with_the_first_page(admin_client: Client) -> None:
    people()
    text = text_of(
        admin_client.get("/users/", {"q": "person", "after": str(User.objects.first().pk), "order": "email"})
    )  # type: ignore[union-attr]

    (address,) = re.findall(r'class="sort-link" href="([^"]*)">User<', text)

    assert unescape(address) == "?q=person&order=name"
    chosen = re.findall(r'<option value="([^"]*)"\s+selected>Work e-mail', text)
    assert chosen == ["email"], "a change of filters keeps the order"
