"""The auditor's page: who had what on a day, and the same as CSV."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from gatekeeper.directory.models import User
from tests.builders import link, make_group, make_provider, make_user, make_users, map_group, remove_members
from tests.web.pages import queries_of, text_of

START = datetime(2026, 3, 3, 9, tzinfo=UTC)
THEN, AFTER = "2026-03-03T09:00:59", "2026-03-03T09:01:00"
ADDRESS, EXPORT = "/who-had/", "/who-had/csv/"


@pytest.fixture
def ada(admin_client: Client) -> User:
    """Collaborator with Reports from nine o'clock on, for a minute."""
    with time_machine.travel(START, tick=False) as clock:
        make_provider()
        ada = make_user("=ada@example.com", work_email="ada@example.com")
        group = make_group("GK Finance", [ada])
        map_group(group, "collaborator", ["reports"])
        link()
        clock.shift(60)
        remove_members(group, ada)
    return ada


def asked(browser: Client, **query: str) -> str:
    return " ".join(text_of(browser.get(ADDRESS, query)).split())


def test_nothing_is_asked_before_something_is_chosen(admin_client: Client) -> None:
    assert "Choose a permission or a level and a moment." in asked(admin_client)


def test_the_page_names_them_with_what_gave_it(admin_client: Client, ada: User) -> None:
    text = asked(admin_client, wanted="reports", at=THEN)

    assert "<strong>1 person</strong> had Reports on" in text
    assert f'href="/users/{ada.id}/?at=2026-03-03T09:00:59.000000Z">=ada@example.com</a>' in text
    assert '<td data-label="Could sign in">yes</td>' in text
    assert "GK Finance" in text


def test_a_work_address_that_is_the_user_name_is_not_said_twice(admin_client: Client, ada: User) -> None:
    assert "Work e-mail" in asked(admin_client, wanted="reports", at=THEN), "it lacks the sign before the name"

    User.objects.filter(pk=ada.pk).update(user_name="ada@example.com")

    assert "Work e-mail" not in asked(admin_client, wanted="reports", at=THEN)


def test_only_what_gave_it_is_named_as_such_and_the_other_groups_are_also_in(admin_client: Client) -> None:
    make_provider()
    bo = make_user("bo@example.com")
    map_group(make_group("GK Giving", [bo]), "collaborator", ["reports"])
    map_group(make_group("GK Other", [bo]), "administrator")

    by_permission, by_level = (asked(admin_client, wanted=wanted) for wanted in ("reports", "administrator"))

    for text, giving, other in ((by_permission, "GK Giving", "GK Other"), (by_level, "GK Other", "GK Giving")):
        row = text.split("bo@example.com</a>")[1].split("</tr>")[0]
        given, also = row.split('data-label="Also in"')
        assert giving in given
        assert other not in given
        assert other in also
    assert '<td class="quiet" data-label="Also in">' in by_level


def test_one_second_later_nobody_had_it(admin_client: Client, ada: User) -> None:
    text = asked(admin_client, wanted="reports", at=AFTER)

    assert "Nobody had Reports on" in text
    assert "Download CSV" not in text


def test_a_level_is_asked_for_in_the_same_way(admin_client: Client, ada: User) -> None:
    assert "=ada@example.com" in asked(admin_client, wanted="collaborator", at=THEN)
    assert "root@example.com" in asked(admin_client, wanted="global_administrator")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"wanted": "reports", "at": "2999-01-01"}, "lies in the future"),
        ({"wanted": "reports", "at": "last week"}, "is no time that can be read"),
        ({"wanted": "flying"}, "There is no flying"),
    ],
)
@pytest.mark.parametrize("address", [ADDRESS, EXPORT])
def test_what_cannot_be_answered_is_refused_in_words(
    admin_client: Client, query: dict[str, str], reason: str, address: str
) -> None:
    answer = admin_client.get(address, query)

    assert answer.status_code == 400
    assert reason in text_of(answer)


def test_an_export_of_nothing_is_refused(admin_client: Client) -> None:
    assert admin_client.get(EXPORT).status_code == 400


def test_the_csv_is_sent_as_it_is_read_and_has_the_rows_of_the_command(admin_client: Client, ada: User) -> None:
    answer = admin_client.get(EXPORT, {"wanted": "reports", "at": THEN})

    assert answer.streaming  # type: ignore[attr-defined]
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="who-had-reports-2026-03-03T090059Z.csv"'
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    printed = io.StringIO()
    call_command("who_had", "reports", "--at", THEN, "--csv", stdout=printed)
    assert text == printed.getvalue()
    [row] = csv.DictReader(io.StringIO(text))
    assert row["user_name"] == "'=ada@example.com"


def test_the_answer_has_pages_that_cost_the_same(admin_client: Client) -> None:
    make_provider()
    map_group(make_group("GK Many", make_users(62)), "collaborator", ["api"])
    everybody = list(User.objects.filter(origin="scim").order_by("user_name_folded"))

    first = asked(admin_client, wanted="api")
    rest = asked(admin_client, wanted="api", after=str(everybody[49].id))

    assert "<strong>62 people</strong> had API just now." in first
    assert [user.user_name in first for user in everybody] == [True] * 50 + [False] * 12
    assert [user.user_name in rest for user in everybody] == [False] * 50 + [True] * 12
    few = queries_of(admin_client, f"{ADDRESS}?wanted=api")
    map_group(make_group("GK More", make_users(60)), "collaborator", ["api"])
    assert queries_of(admin_client, f"{ADDRESS}?wanted=api") == few
    assert queries_of(admin_client, f"{ADDRESS}?wanted=api&after={everybody[49].id}") == few + 1


def test_where_many_are_known_they_are_counted_when_that_is_asked_for(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatekeeper.directory.access.people_pages.NEAR", 20)
    map_group(make_group("GK Many", make_users(60)), "collaborator", ["api"])

    at_once, counted = asked(admin_client, wanted="api"), asked(admin_client, wanted="api", counted="1")

    assert "How many are there?" in at_once
    assert "<strong>" not in at_once.split("who-had-total")[1].split("<table")[0]
    assert "<strong>60 people</strong> had API just now." in counted


@pytest.mark.parametrize(
    ("level", "permission", "status"),
    [
        ("collaborator", "history", 200),
        ("collaborator", "reports", 200),
        ("global_administrator", "configuration", 200),
        ("global_administrator", "users", 403),
        ("collaborator", "configuration", 403),
        ("global_administrator", "api", 403),
    ],
)
def test_it_is_asked_by_whoever_reads_the_history_or_reports(
    person_with: Callable[..., Client], level: str, permission: str, status: int
) -> None:
    browser = person_with(level, permission)

    assert browser.get(ADDRESS).status_code == status
    assert browser.get(EXPORT, {"wanted": "reports"}).status_code == status


def test_who_may_not_read_people_sees_names_without_links(person_with: Callable[..., Client]) -> None:
    text = asked(person_with("collaborator", "reports"), wanted="reports")

    assert "person@example.com" in text
    assert 'href="/users/' not in text
    assert '<a href="/who-had/"' in text


def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(client: Client, db: None) -> None:
    assert client.get(EXPORT, {"wanted": "reports"}).headers["Location"].startswith("/sign-in/")
