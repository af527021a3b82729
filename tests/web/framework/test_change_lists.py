"""What all read-only lists have in common."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from saml.models import SignInAttempt, SyncRun
from tests.builders import log_request
from tests.web.pages import queries_of, text_of

LOG = "/provisioning-log/"


@pytest.mark.parametrize("path", [LOG, "/audit-trail/", "/sync-history/", "/sign-in-attempts/", "/token-log/"])
def test_an_entry_that_does_not_exist_is_a_plain_404(admin_client: Client, path: str) -> None:
    for wrong in ("999999", "nonsense", str(uuid4())):
        assert admin_client.get(f"{path}{wrong}/").status_code == 404


def test_logs_cost_the_same_for_few_and_for_many_entries(admin_client: Client) -> None:
    paths = (LOG, "/audit-trail/", "/sync-history/", "/sign-in-attempts/")

    def fill(how_many: int) -> None:
        for _ in range(how_many):
            log_request()
            SignInAttempt.objects.create(accepted=True)
            SyncRun.objects.create(started_at=timezone.now(), actor_kind="clock", actor_name="saml.sync_users")

    fill(1)
    few = [queries_of(admin_client, path) for path in paths]
    fill(20)

    assert [queries_of(admin_client, path) for path in paths] == few


SYNC_HISTORY = "/sync-history/"  # its button stands at the head of the page, and only there
EMPTY = {
    "/groups/": "/settings/configuration/scim/",
    LOG: "/settings/configuration/scim/",
    SYNC_HISTORY: "/sync-history/run/",
    "/sign-in-attempts/": "/settings/configuration/authentication/",
    "/token-log/": "/settings/configuration/scim/",
    "/settings/configuration/teams/": "/settings/configuration/teams/",
}


def empty_part(browser: Client, address: str) -> str:
    found = re.search(r'<div class="empty">.*?</div>', text_of(browser.get(address)), re.DOTALL)
    assert found, address
    return found.group()


@pytest.mark.parametrize("address", EMPTY)
def test_an_empty_list_says_what_to_do_first_and_leads_there(admin_client: Client, address: str) -> None:
    shown = empty_part(admin_client, address)

    assert "Clear filters" not in shown
    if address == SYNC_HISTORY:
        assert text_of(admin_client.get(address)).count(f'"{EMPTY[address]}"') == 1
    elif address != EMPTY[address]:  # else its own form, below it
        assert f'"{EMPTY[address]}"' in shown
    assert "Nothing yet." not in shown


@pytest.mark.parametrize("address", [LOG, "/sync-history/", "/sign-in-attempts/", "/token-log/"])
def test_who_may_not_do_it_is_not_led_there(person_with: Callable[..., Client], address: str) -> None:
    shown = empty_part(person_with("global_administrator", "history"), address)

    assert "<a " not in shown
    assert "<button" not in shown


@pytest.mark.parametrize("address", [*EMPTY, "/users/", "/audit-trail/"])
def test_a_list_whose_filters_leave_nothing_offers_to_clear_them(admin_client: Client, address: str) -> None:
    shown = empty_part(admin_client, f"{address}?q=nothing-is-called-so")

    assert "Nothing fits this filter." in shown
    assert re.search(r'<a class="button" href="\?">Clear filters</a>', shown)
