"""Long lists are paged by key, and counted up to a bound."""

import re

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.runtime import row_counts
from gatekeeper.runtime.row_counts import RowCount, whole_count
from gatekeeper.web.framework import change_lists
from gatekeeper.web.logs.provisioning_log import ProvisioningLog
from tests.builders import log_request, make_users
from tests.statistics import forget_statistics
from tests.web.pages import text_of

LOG = "/provisioning-log/"
PAGE = ProvisioningLog.list_per_page
ALL = 2 * PAGE + 20  # three pages


def names(answer: object) -> list[str]:
    return re.findall(r">(entry \d+)</a>", text_of(answer))


def link(answer: object, name: str) -> str | None:
    found = re.search(rf'href="([^"]*)"[^>]*>{name}</a>', text_of(answer))
    return found.group(1) if found else None


@pytest.fixture
def entries(db: None) -> list[str]:
    """Three pages of them, the newest first."""
    ProvisioningEntry.objects.bulk_create(
        ProvisioningEntry(outcome="changed", method="POST", path="/Users", status=201, user_label=f"entry {number}")
        for number in range(ALL)
    )
    return [f"entry {number}" for number in reversed(range(ALL))]


def test_pages_are_turned_to_the_end_and_back(admin_client: Client, entries: list[str]) -> None:
    first = admin_client.get(LOG)
    assert names(first) == entries[:PAGE]
    assert link(first, "Previous page") is None
    second = admin_client.get(LOG + str(link(first, "Next page")))
    assert names(second) == entries[PAGE : 2 * PAGE]
    last = admin_client.get(LOG + str(link(second, "Next page")))
    assert names(last) == entries[2 * PAGE :]
    assert link(last, "Next page") is None
    assert link(last, "Last page") is None

    assert names(admin_client.get(LOG + str(link(last, "Previous page")))) == entries[PAGE : 2 * PAGE]
    assert names(admin_client.get(LOG + str(link(last, "First page")))) == entries[:PAGE]


def test_the_last_page_is_one_step_away(admin_client: Client, entries: list[str]) -> None:
    last = admin_client.get(LOG + str(link(admin_client.get(LOG), "Last page")))

    assert names(last) == entries[-PAGE:]
    assert link(last, "Next page") is None
    assert names(admin_client.get(LOG + str(link(last, "Previous page")))) == entries[20 : 20 + PAGE]


def test_turning_pages_keeps_the_filter(admin_client: Client, entries: list[str]) -> None:
    log_request("refused", user_label="Bo")

    second = admin_client.get(LOG + str(link(admin_client.get(LOG, {"outcome": "changed"}), "Next page")))

    assert names(second) == entries[PAGE : 2 * PAGE]
    assert f"{PAGE} of {ALL}" in " ".join(text_of(second).split())


@pytest.mark.parametrize(
    "query", ["after=nonsense", "before=9999999999999999999999", "p=3", "last=1&after=", "after=0"]
)
def test_an_odd_place_is_answered_all_the_same(admin_client: Client, entries: list[str], query: str) -> None:
    assert admin_client.get(f"{LOG}?{query}").status_code == 200


def test_people_are_paged_by_their_names(admin_client: Client) -> None:
    people = sorted(person.user_name for person in make_users(60))

    first = admin_client.get("/users/")
    second = admin_client.get("/users/" + str(link(first, "Next page")))

    shown = [name for page in (first, second) for name in people if f">{name}<" in text_of(page)]
    assert shown == people


def test_a_long_list_is_counted_up_to_a_bound(
    admin_client: Client, entries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_counts, "COUNTED_ALL", ALL - 10)
    monkeypatch.setattr(row_counts, "COUNTED_SOME", 20)
    forget_statistics(ProvisioningEntry)

    whole, some = (" ".join(text_of(admin_client.get(LOG + query)).split()) for query in ("", "?q=entry"))

    assert f"{PAGE} of more than {ALL - 10}" in whole
    assert f"{PAGE} of more than 20" in some
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE audit_provisioningentry")
        assert f"{PAGE} of about {ALL}" in " ".join(text_of(admin_client.get(LOG)).split())


def test_a_long_table_is_counted_and_estimated_by_one_statement(
    entries: list[str], monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert whole_count(ProvisioningEntry.objects.all()) == RowCount(ALL)
    monkeypatch.setattr(row_counts, "COUNTED_ALL", 20)
    with django_assert_num_queries(1):
        assert whole_count(ProvisioningEntry.objects.all()).number >= 20
    assert whole_count(ProvisioningEntry.objects.none()) == RowCount(0)


def test_a_search_finds_every_word_in_any_case_and_whole_ids(admin_client: Client, entries: list[str]) -> None:
    entry = log_request("refused", user_label="Ada Obi", group_label="GK Finance", request_id="from-entra-7")
    for found in ("ada", "OBI finance", '"Ada Obi"', "from-entra-7"):
        assert ">Ada Obi</a>" in text_of(admin_client.get(LOG, {"q": found})), found
    for missed in ("ada legal", '"Obi Ada"', "100%", "_da", "from-entra"):
        assert ">Ada Obi</a>" not in text_of(admin_client.get(LOG, {"q": missed})), missed
    path = "/scim/v2/Users/7f8a2b86-44ef-4b8b-9b3e-3d0b4a3b1c11"
    ProvisioningEntry.objects.filter(pk=entry.pk).update(user_id=path.rpartition("/")[2])
    assert ">Ada Obi</a>" in text_of(admin_client.get(LOG, {"q": path}))


def test_too_short_a_search_looks_at_the_newest_entries_and_says_so(
    admin_client: Client, entries: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_lists, "NEWEST_SEARCHED", 10)

    found = admin_client.get(LOG, {"q": "y 8"})

    assert names(found) == entries[:10]
    assert "only the newest 10 entries are searched" in text_of(found)
