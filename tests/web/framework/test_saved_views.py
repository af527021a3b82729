"""A list as somebody saw it is kept under a name: by them, for them, or for everybody who may open the list."""

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import ChosenColumns, SavedView, User
from gatekeeper.directory.people import saved_views
from gatekeeper.directory.people.retention import erase_due
from gatekeeper.directory.people.users import delete_user
from tests.builders import ADMIN, make_administrator
from tests.web.pages import text_of

QUERY = "level=administrator&order=-created&columns=teams"


def keep(browser: Client, name: str = "Admins", *, query: str = QUERY, of: str = "users", **more: str) -> int:
    return browser.post("/views/save/", {"list": of, "name": name, "query": query, **more}).status_code


def links(browser: Client, address: str) -> dict[str, str]:
    """The views above a list, and where they lead."""
    found = re.search(r'<nav class="saved-views".*?</nav>', text_of(browser.get(address)), re.DOTALL)
    pairs = re.findall(
        r'<a class="facet-value"\s+href="([^"]*)"[^>]*>(.*?)</a>', found.group() if found else "", re.DOTALL
    )
    return {re.sub(r"<.*?>", "", name).strip(): unescape(to) for to, name in pairs}


def test_a_view_is_a_link_above_its_list_and_no_other(admin_client: Client) -> None:
    assert keep(admin_client) == 302

    assert links(admin_client, "/users/") == {"Admins": "?level=administrator&order=-created&columns=teams"}
    assert links(admin_client, "/groups/") == {}
    shown = text_of(admin_client.get(f"/users/?{QUERY}"))
    assert re.search(r'href="\?level=administrator[^"]*"\s+aria-current="true"', shown)


def test_views_stand_above_the_first_page(admin_client: Client) -> None:
    keep(admin_client)

    assert links(admin_client, "/users/?order=-name") != {}
    assert links(admin_client, "/users/?last=1") == {}


def test_views_and_chosen_columns_are_read_by_one_statement(admin_client: Client) -> None:
    keep(admin_client)
    admin_client.post("/views/columns/", {"list": "users", "columns": "teams"})

    with CaptureQueriesContext(connection) as statements:
        page = admin_client.get("/users/")

    reading = [each["sql"] for each in statements if re.search("savedview|chosencolumns", each["sql"])]
    assert len(reading) == 1
    assert "Admins" in text_of(page)
    assert page.context["cl"].columns == ["teams"]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("q=ada&after=3&last=1&counted=1&level=", "q=ada"),
        ("colour=green&__class__=x&e=1", ""),
        ("columns=&q=x", "q=x&columns="),
        ("columns=teams&columns=level", "columns=teams%2Clevel"),
        ("q=%00a", "q=a"),
    ],
)
def test_only_what_the_list_knows_is_kept_and_no_page(admin_client: Client, query: str, kept: str) -> None:
    keep(admin_client, query=query)

    assert SavedView.objects.get().query == kept


def test_a_log_keeps_its_period(admin_client: Client) -> None:
    keep(admin_client, of="audit-trail", query="time=day&event=user.created&from=2026-01-01")

    assert links(admin_client, "/audit-trail/")["Admins"].startswith("?")
    assert {"time=day", "event=user.created", "from=2026-01-01"} <= set(SavedView.objects.get().query.split("&"))


def test_the_same_name_is_the_same_view(admin_client: Client) -> None:
    keep(admin_client)
    keep(admin_client, "ADMINS", query="level=none")

    assert [(view.name, view.query) for view in SavedView.objects.all()] == [("ADMINS", "level=none")]


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b"])
def test_a_name_that_is_none_is_refused_and_said(admin_client: Client, name: str) -> None:
    answer = admin_client.post("/views/save/", {"list": "users", "name": name, "query": ""}, follow=True)

    assert not SavedView.objects.exists()
    assert "notice-danger" in text_of(answer)


def test_there_is_a_limit_for_each_list(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST_VIEWS", 2)
    for name in ("a", "b", "c"):
        keep(admin_client, name)
    keep(admin_client, "a", query="q=again")
    keep(admin_client, "d", of="groups", query="")

    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["a", "b", "d"]
    assert SavedView.objects.get(name="a").query == "q=again"


def test_a_list_that_does_not_exist_keeps_nothing(admin_client: Client) -> None:
    assert keep(admin_client, of="nonsense") == 404


def test_whoever_may_not_open_the_list_keeps_no_view_of_it(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator", "history")

    assert keep(browser, of="users") == 403
    assert keep(browser, of="audit-trail", query="") == 302


def test_a_view_is_its_owners_until_a_configurator_shares_it(
    admin_client: Client, person_with: Callable[..., Client]
) -> None:
    reader = person_with("global_administrator", "users")
    keep(admin_client, "Mine")
    keep(admin_client, "Everybody's", shared="on")
    keep(reader, "Theirs", shared="on")  # who may not configure shares nothing

    assert list(links(reader, "/users/")) == ["Everybody's", "Theirs"]
    assert list(links(admin_client, "/users/")) == ["Everybody's", "Mine"]
    [entry] = AuditEntry.objects.filter(event__startswith="view.")
    assert (entry.event, entry.object_label, entry.after["query"]) == (
        "view.shared",
        "Everybody's",
        QUERY.replace(",", "%2C"),
    )


def test_nobody_changes_the_views_of_others(admin_client: Client, person_with: Callable[..., Client]) -> None:
    reader = person_with("global_administrator", "users")
    keep(admin_client, "Mine")
    keep(admin_client, "Shared", shared="on")
    for view in SavedView.objects.all():
        assert reader.post(f"/views/{view.pk}/", {"name": "Stolen"}).status_code == 404
        assert reader.post(f"/views/{view.pk}/delete/").status_code == 404
    assert sorted(SavedView.objects.values_list("name", flat=True)) == ["Mine", "Shared"]


def test_a_view_is_renamed_unshared_and_deleted(admin_client: Client) -> None:
    keep(admin_client, shared="on")
    keep(admin_client, "Other")
    view = SavedView.objects.get(name="Admins")

    admin_client.post(f"/views/{view.pk}/", {"name": "other"})
    assert SavedView.objects.get(pk=view.pk).name == "Admins", "there is one of that name"
    admin_client.post(f"/views/{view.pk}/", {"name": "Renamed"})
    view.refresh_from_db()
    assert (view.name, view.is_shared) == ("Renamed", False)
    admin_client.post(f"/views/{view.pk}/delete/")

    assert list(links(admin_client, "/users/")) == ["Other"]
    events = list(AuditEntry.objects.filter(event__startswith="view.").order_by("id").values_list("event", flat=True))
    assert events == ["view.shared", "view.unshared"]


def test_what_a_person_kept_of_the_lists_is_erased_with_them(person_with: Callable[..., Client]) -> None:
    browser = person_with("global_administrator", "users")
    keep(browser)
    browser.post("/views/columns/", {"list": "users", "columns": ["teams"], "back": "/users/"})
    owner = SavedView.objects.get().owner
    delete_user(owner.pk, actor=ADMIN)
    User.objects.filter(pk=owner.pk).update(deleted_at=timezone.now() - timezone.timedelta(days=40_000))

    assert erase_due(actor=ADMIN) == 1

    assert not SavedView.objects.exists()
    assert not ChosenColumns.objects.exists()


def test_views_cost_one_statement_however_many(admin_client: Client) -> None:
    from tests.web.pages import queries_of  # noqa: PLC0415

    keep(admin_client)
    few = queries_of(admin_client, "/users/")
    other = make_administrator("other@example.com")
    SavedView.objects.bulk_create(
        SavedView(owner=other, list_name="users", name=str(n), name_folded=str(n), query="", is_shared=True)
        for n in range(15)
    )

    assert queries_of(admin_client, "/users/") == few
