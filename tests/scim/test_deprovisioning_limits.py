"""The deprovisioning limit over SCIM (docs/rules.md#10): the response, and what administrators see."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.deprovisioning_limits.limits import deprovisioning_state, set_deprovisioning_limits
from gatekeeper.directory.models import ActivePeriod, User
from gatekeeper.health.metrics import render
from tests.builders import ADMIN, administrators_browser, make_group, make_user, make_users, map_group
from tests.scim.conftest import ScimClient
from tests.web.pages import meant

OFF = {"op": "Replace", "path": "active", "value": "False"}


@pytest.fixture
def people(db: None) -> list[User]:
    """Ten people who were active before the window began; the limit is three of them."""
    users = make_users(10)
    ActivePeriod.objects.update(since="2020-01-01T00:00:00Z")
    set_deprovisioning_limits(share=30, minimum=3, minutes=60, hold=True, actor=ADMIN)
    return users


@pytest.fixture
def admin_client(client: Client) -> Client:
    return administrators_browser(client)


def deactivate(scim: ScimClient, *users: User) -> list[int]:
    return [scim.patch(f"/Users/{user.id}", OFF).status_code for user in users]


def page(admin_client: Client) -> str:
    return " ".join(admin_client.get(reverse("web:deprovisioning_limits")).content.decode().split())


def test_held_changes_are_asked_to_come_back_later(scim: ScimClient, people: list[User]) -> None:
    """RFC 6585 §4: 429 with Retry-After."""
    assert deactivate(scim, *people[:3]) == [200, 200, 200]

    held = scim.patch(f"/Users/{people[3].id}", OFF)

    assert (held.status_code, held["Retry-After"]) == (429, "3600")
    assert held.json()["detail"].startswith("Held for approval: 4 of 10 active users would lose access")
    assert User.objects.get(pk=people[3].pk).active


def test_holding_is_said_on_every_page_in_the_audit_trail_and_in_the_metrics(
    scim: ScimClient, people: list[User], admin_client: Client
) -> None:
    deactivate(scim, *people[:7])

    state = deprovisioning_state()
    assert (state.lost, state.held, state.exceeded, state.holding) == (3, 4, False, True)
    text = " ".join(admin_client.get("/settings/configuration/").content.decode().split())
    assert "3 of 10 active users lost access within 60 minutes." in text
    assert "4 more requests are held until you decide." in text
    [alert] = AuditEntry.objects.filter(event="deprovisioning.alert")
    assert alert.after == {"lost": 4, "active_before": 10, "minutes": 60, "held": True}
    metrics = render().decode()
    assert "gatekeeper_deprovisioning_alarming 1.0" in metrics
    assert "gatekeeper_deprovisioning_held 4.0" in metrics


def test_without_hold_the_alert_is_the_same_and_nothing_is_held(
    scim: ScimClient, people: list[User], admin_client: Client
) -> None:
    set_deprovisioning_limits(share=30, minimum=3, minutes=60, hold=False, actor=ADMIN)

    assert deactivate(scim, *people[:5]) == [200] * 5

    assert "5 of 10 active users lost access" in " ".join(admin_client.get("/profile/").content.decode().split())
    [alert] = AuditEntry.objects.filter(event="deprovisioning.alert")
    assert alert.after is not None
    assert alert.after["held"] is False


def test_after_the_alert_a_further_loss_counts_nobody_and_holding_counts_again(
    scim: ScimClient, people: list[User]
) -> None:
    """Each of many losses would otherwise count all of those before it."""
    set_deprovisioning_limits(share=30, minimum=3, minutes=60, hold=False, actor=ADMIN)
    deactivate(scim, *people[:4])

    with CaptureQueriesContext(connection) as statements:
        assert deactivate(scim, people[4]) == [200]
    assert [each["sql"] for each in statements if "COUNT(" in each["sql"]] == []

    set_deprovisioning_limits(share=30, minimum=3, minutes=60, hold=True, actor=ADMIN)
    assert deactivate(scim, people[5]) == [429]


def test_the_page_lists_who_is_held_what_was_asked_and_by_which_key(
    scim: ScimClient, people: list[User], admin_client: Client
) -> None:
    group = make_group("GK Finance", people)
    deactivate(scim, *people[:4])
    deactivate(scim, people[3])
    scim.delete(f"/Users/{people[4].id}")
    scim.patch(f"/Groups/{group.id}", {"op": "remove", "path": "members", "value": [{"value": str(people[5].id)}]})

    text = page(admin_client)

    for words in (
        people[3].user_name,
        "Deactivate the person",
        "asked 2 times",
        people[4].user_name,
        "Delete the person",
        "GK Finance",
        f"Remove from the group: {people[5].user_name}",
        "Entra",
    ):
        assert words in text, words


def test_what_is_let_through_leaves_the_list(scim: ScimClient, people: list[User], admin_client: Client) -> None:
    group = make_group("GK Finance", people)
    remove: Any = {"op": "remove", "path": "members", "value": [{"value": str(people[5].id)}]}
    deactivate(scim, *people[:4])
    scim.patch(f"/Groups/{group.id}", remove)
    assert "Held for approval" in page(admin_client)

    answer = meant(admin_client, reverse("web:approve_held_changes"))
    assert b"Held changes are let through until" in answer.content
    assert deactivate(scim, people[3]) == [200]
    assert scim.patch(f"/Groups/{group.id}", remove).status_code == 204

    assert "Held for approval" not in page(admin_client)
    assert not deprovisioning_state().holding


def test_a_quiet_day_costs_four_queries(people: list[User], django_assert_num_queries: Any) -> None:
    set_deprovisioning_limits(share=30, minimum=3, minutes=60, hold=False, actor=ADMIN)

    with django_assert_num_queries(4):
        assert not deprovisioning_state().alarming


def test_a_held_global_administrator_waits_on_the_page_until_an_administrator_lets_them_through(
    scim: ScimClient, admin_client: Client
) -> None:
    user, boss = make_user("ada@x.com"), make_user("bo@x.com", active=False)
    group = make_group("Top", [boss])
    map_group(group, "global_administrator")
    set_deprovisioning_limits(share=30, minimum=20, minutes=60, hold=True, actor=ADMIN)
    add = {"op": "add", "path": "members", "value": [{"value": str(user.id)}]}

    asked = [
        lambda: scim.patch(f"/Groups/{group.id}", add),
        lambda: scim.patch(f"/Users/{boss.id}", {"op": "replace", "path": "active", "value": True}),
        lambda: scim.post("/Users", {"userName": "bo@x.com"}),
    ]
    for ask in asked:
        answer = ask()
        assert answer.status_code == 429
        assert answer.headers["Retry-After"]
        assert "Global Administrator for" in answer.json()["detail"]
    assert AuditEntry.objects.filter(event="privilege.held").count() == 2  # two people, whoever asked how often
    shown = page(admin_client)
    assert "Make ada@x.com Global Administrator" in shown
    assert shown.count("Make bo@x.com Global Administrator") == 2
    assert "requests that would make somebody Global Administrator are held until you decide" in shown
    assert "lost access within 60 minutes.</strong>" not in shown

    meant(admin_client, reverse("web:approve_held_changes"))

    assert [ask().status_code for ask in asked[:2]] == [204, 200]
    shown = page(admin_client)
    assert "Make ada@x.com" not in shown
    assert "2 people became Global Administrator within 60 minutes." in shown
    assert "Became Global Administrator" in shown
