"""What runs too long in the database, or waits too long for a lock, is 503 in the caller's form: on both databases.

Real slow statements through real requests, with limits of a fraction of a second.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import F
from django.test import Client, override_settings
from django.urls import include, path

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.directory.models import SignIn, Team, User
from gatekeeper.health import metrics
from gatekeeper.health.database_refusals import write_counts
from gatekeeper.health.models import DatabaseRefusal
from gatekeeper.runtime import database_limits
from gatekeeper.runtime.database_limits import NONE, Limits, limited, reason_of, take_counts
from scim.credentials.api_keys import generate_key
from scim.credentials.oauth_clients import create_client_with_secret
from scim.http import views
from scim.models import AccessToken, ApiKey
from tests.builders import ADMIN, PASSWORD, make_administrator
from tests.scim.conftest import ScimClient

SHORT = Limits(statement=0.4, lock=0.2)
LONG_ENOUGH_FOR_A_LOOK_AT_THE_TIME = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT count(*) FROM n"
)


def slow() -> None:
    """A statement that runs for minutes, in the database itself."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_sleep(120)")
        else:
            cursor.execute(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000000) "
                "SELECT count(*) FROM n"
            )
            cursor.fetchall()


@pytest.fixture(autouse=True)
def short_limits(monkeypatch):
    monkeypatch.setattr("gatekeeper.middleware.REQUEST", SHORT)
    take_counts()
    yield
    with limited(NONE):
        pass


@pytest.fixture
def scim(transactional_db):
    return ScimClient(generate_key("Entra", actor=ADMIN)[1])


@contextmanager
def locked(statement: str):
    """Somebody else changes rows and does not come to an end: a transaction on a connection of its own."""
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)
                ready.set()
                done.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert ready.wait(30)
    try:
        yield
    finally:
        done.set()
        thread.join()


def assert_unavailable(answer) -> None:
    assert answer.status_code == 503
    assert answer["Retry-After"].isdigit()


@pytest.mark.django_db(transaction=True)
def test_scim_answers_with_an_error_document_and_writes_nothing(scim, monkeypatch, caplog):
    create = views.users.create

    def create_slowly(*arguments):
        user = create(*arguments)
        slow()
        return user

    monkeypatch.setattr(views.users, "create", create_slowly)
    answer = scim.post("/Users", {"userName": "ada@x.com"})

    assert_unavailable(answer)
    assert (answer["Content-Type"], answer.json()["status"]) == ("application/scim+json", "503")
    assert not User.objects.filter(user_name="ada@x.com").exists()
    assert ProvisioningEntry.objects.get().status == 503
    assert any(getattr(record, "reason", "") == "statement_timeout" for record in caplog.records)
    assert take_counts() == {"statement_timeout": 1}


@pytest.mark.django_db(transaction=True)
def test_a_scim_read_is_interrupted_too(scim, monkeypatch):
    monkeypatch.setattr(views, "list_page", lambda *_: slow())

    assert_unavailable(scim.get("/Users"))


@pytest.mark.django_db(transaction=True)
def test_a_database_that_takes_no_writes_answers_reads_and_refuses_writes_until_it_takes_them(scim):
    """A standby, a primary that an operator has stopped for writing, an SQLite file that nobody may write to."""
    user = {"userName": "ada@x.com"}
    browser = Client()
    make_administrator("root@example.com")
    browser.post("/sign-in/", {"email": "root@example.com", "password": PASSWORD})
    # When key and session were last used is due to be written down.
    ApiKey.objects.update(last_used_at=None)
    SignIn.objects.update(last_seen_at=F("last_seen_at") - timedelta(minutes=5))
    with read_only():
        reads = [scim.get("/Users"), browser.get("/"), browser.get("/settings/configuration/")]
        refused = scim.post("/Users", user)

    assert [read.status_code for read in reads] == [200, 200, 200]
    assert_unavailable(refused)
    assert take_counts() == {"read_only": 1}
    assert scim.post("/Users", user).status_code == 201


@contextmanager
def read_only() -> Iterator[None]:
    on, off = (
        ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
        if connection.vendor == "postgresql"
        else ("PRAGMA query_only = on", "PRAGMA query_only = off")
    )
    with connection.cursor() as cursor:
        cursor.execute(on)
        try:
            yield
        finally:
            cursor.execute(off)


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_not_given_is_503_as_well(scim):
    user = scim.user("ada@x.com")
    with locked("UPDATE directory_user SET display_name = 'x'"):
        answers = [
            scim.patch(f"/Users/{user['id']}", {"op": "add", "path": "title", "value": "x"}),
            scim.delete(f"/Users/{user['id']}"),
        ]

    for answer in answers:
        assert_unavailable(answer)
    assert set(take_counts()) == {"lock_timeout"}
    assert scim.patch(f"/Users/{user['id']}", {"op": "add", "path": "title", "value": "x"}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_token_endpoint_answers_in_its_own_words(db):
    client, made = create_client_with_secret("Entra", actor=ADMIN)
    proof = {"grant_type": "client_credentials", "client_id": str(client.id), "client_secret": made.text}
    wrong = {**proof, "client_secret": "gks_x"}

    def ask(form):
        return Client().post("/oauth2/token", urlencode(form), content_type="application/x-www-form-urlencoded")

    counts = "scim_refusedtokenrequestcount"
    is_postgresql = connection.vendor == "postgresql"
    for statement, form in (
        ("UPDATE scim_clientsecret SET last_used_at = NULL", proof),
        (f"LOCK TABLE {counts} IN EXCLUSIVE MODE" if is_postgresql else f"UPDATE {counts} SET listed = 0", wrong),
    ):
        with locked(statement):
            answer = ask(form)
        assert_unavailable(answer)
        assert answer.json()["error"] == "temporarily_unavailable"
        assert take_counts() == {"lock_timeout": 1}
    assert not AccessToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_bulk_operation_that_runs_into_it_fails_alone(scim, monkeypatch):
    user = scim.user("ada@x.com")
    create = views.groups.create

    def create_slowly(*arguments):
        slow()
        return create(*arguments)

    monkeypatch.setattr(views.groups, "create", create_slowly)
    operations = [
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": {"displayName": "G"}},
        {"method": "DELETE", "path": f"/Users/{user['id']}"},
    ]
    results = scim.post("/Bulk", {"Operations": operations}).json()["Operations"]

    assert [each["status"] for each in results] == ["503", "204"]


def slow_page(request):
    with transaction.atomic():
        Team.objects.create(name="Never")
        slow()


def failing(sqlstate):
    def page(request):
        error = OperationalError("x")
        raise error from _Cause(sqlstate)

    return page


urlpatterns = [
    path("slow/", slow_page),
    path("api/v1/slow/", slow_page),
    path("away/", failing("57P03")),
    path("read-only/", failing("25006")),
    path("", include("gatekeeper.urls")),
]
handler500 = "gatekeeper.web.framework.error_pages.server_error"


@override_settings(ROOT_URLCONF="tests.runtime.test_database_limits")
@pytest.mark.parametrize(
    ("address", "words", "not_these"),
    [("/away/", "Its database does not answer.", "busy"), ("/read-only/", "takes no changes at the moment", "busy")],
)
def test_a_page_says_what_is_wrong_with_the_database(address, words, not_these):
    page = Client(raise_request_exception=False).get(address)

    assert_unavailable(page)
    take_counts()
    assert (words in page.content.decode(), not_these in page.content.decode()) == (True, False)


@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF="tests.runtime.test_database_limits")
def test_a_page_says_it_in_words_and_the_api_as_a_problem():
    client = Client(raise_request_exception=False)
    page, problem = client.get("/slow/"), client.get("/api/v1/slow/")

    assert_unavailable(page)
    assert page["Content-Type"].startswith("text/html")
    assert "too busy" in page.content.decode()
    assert_unavailable(problem)
    assert problem["Content-Type"] == "application/problem+json"
    assert (problem.json()["status"], problem.json()["title"]) == (503, "Service Unavailable")
    assert take_counts() == {"statement_timeout": 2}
    assert not Team.objects.filter(name="Never").exists()


@pytest.mark.django_db(transaction=True)
def test_a_person_whose_sign_in_waits_for_a_lock_is_shown_why():
    make_administrator("root@example.com")
    client = Client(raise_request_exception=False)
    with locked(
        "UPDATE directory_user SET display_name = 'x'" if connection.vendor == "sqlite" else "LOCK directory_user"
    ):
        answer = client.post("/sign-in/", {"email": "root@example.com", "password": "wrong"})

    assert_unavailable(answer)


@pytest.mark.django_db(transaction=True)
def test_each_use_has_limits_of_its_own_and_leaves_none_behind():
    with pytest.raises(OperationalError) as refused, limited(SHORT):
        slow()
    assert reason_of(refused.value) == "statement_timeout"

    with limited(Limits(statement=30, lock=30)), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("30s",)
        else:
            cursor.execute("PRAGMA busy_timeout")
            assert cursor.fetchone() == (30_000,)


@pytest.mark.django_db(transaction=True)
def test_limits_that_change_while_statements_are_watched_stay_and_the_watcher_goes():
    seen = []

    def note(execute, sql, params, many, context):
        seen.append(sql)
        return execute(sql, params, many, context)

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    ask()
    with connection.execute_wrapper(note), limited(SHORT):
        ask()
    assert seen == ["SELECT 1"]
    time.sleep(2 * SHORT.statement)  # a deadline that no statement renews would be over
    ask()
    assert seen == ["SELECT 1"]
    with limited(SHORT), connection.cursor() as cursor:
        cursor.execute(LONG_ENOUGH_FOR_A_LOOK_AT_THE_TIME)
        assert cursor.fetchone() == (50_000,)
    with pytest.raises(OperationalError), limited(SHORT):
        slow()


@pytest.mark.django_db(transaction=True)
def test_a_request_costs_no_statement_more(scim):
    scim.get("/Users")
    applied = []
    raw_connection = connection.connection

    class Watched:
        def __init__(self, raw):
            self.raw = raw

        def execute(self, statement, *arguments):
            applied.append(statement)
            return self.raw.execute(statement, *arguments)

        def __getattr__(self, name):
            return getattr(self.raw, name)

    connection.connection = Watched(raw_connection)
    try:
        scim.get("/Users")
    finally:
        connection.connection = raw_connection

    assert [each for each in applied if "timeout" in str(each)] == []


@pytest.mark.django_db
def test_the_counter_is_the_same_for_all_processes():
    database_limits.count("deadlock")
    database_limits.count("deadlock")
    write_counts()
    database_limits.count("deadlock")
    database_limits.count("lock_timeout")
    write_counts()

    assert dict(DatabaseRefusal.objects.values_list("reason", "count")) == {"deadlock": 3, "lock_timeout": 1}
    assert b'gatekeeper_database_refusals_total{reason="deadlock"} 3.0' in metrics.render()


class _Cause(Exception):
    def __init__(self, sqlstate=None, sqlite_errorcode=None):
        self.sqlstate = sqlstate
        if sqlite_errorcode is not None:
            self.sqlite_errorcode = sqlite_errorcode


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (_Cause("57014"), "statement_timeout"),
        (_Cause("55P03"), "lock_timeout"),
        (_Cause("40P01"), "deadlock"),
        (_Cause("40001"), "serialization_failure"),
        (_Cause("25006"), "read_only"),
        (_Cause("25P02"), None),
        (_Cause("08006"), "unavailable"),
        (_Cause("53300"), "unavailable"),
        (_Cause("57P01"), "unavailable"),
        (_Cause(None), "unavailable"),
        (_Cause("42P01"), None),
        (_Cause(sqlite_errorcode=5), "lock_timeout"),
        (_Cause(sqlite_errorcode=517), "lock_timeout"),
        (_Cause(sqlite_errorcode=6), "lock_timeout"),
        (_Cause(sqlite_errorcode=8), "read_only"),
        (_Cause(sqlite_errorcode=9), "statement_timeout"),
        (_Cause(sqlite_errorcode=14), "unavailable"),
        (_Cause(sqlite_errorcode=1), None),
    ],
)
def test_only_what_the_database_could_not_do_just_now_is_503(cause, reason):
    error = OperationalError("x")
    error.__cause__ = cause

    assert reason_of(error) == reason
    assert reason_of(ValueError("database is locked")) is None
