"""When sessions end by themselves: at the earliest of three limits, for each way in, and whatever is done in them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.local_accounts.accounts import change_password
from gatekeeper.directory.models import SessionEnd, SignIn
from gatekeeper.directory.sessions.limits import end_overdue, first_limit, lasting_limit
from gatekeeper.directory.sessions.open_sessions import end_sign_in, end_sign_ins, open_sign_in
from gatekeeper.maintenance.tasks import end_overdue_sessions
from gatekeeper.sessions.browser_session import open_browser_session
from tests.builders import (
    ADMIN,
    PASSWORD,
    administrators_browser,
    code_of,
    give_second_factor,
    make_administrator,
    make_user,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def at(**later: float) -> datetime:
    return NOON + timedelta(**later)


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as machine:
        yield machine


@pytest.fixture
def admin_client(clock: Any) -> Client:
    return administrators_browser()


def is_in(browser: Client) -> bool:
    return browser.get("/profile/").status_code == 200


def busy_until(browser: Client, clock: Any, moment: datetime, *, every: timedelta = timedelta(minutes=50)) -> None:
    """Open a page again and again until ``moment``."""
    now = NOON
    while now + every < moment:
        now += every
        clock.move_to(now)
        assert is_in(browser), now
    clock.move_to(moment)


# ── The earliest of the limits ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("hours", "idle", "stated", "last_seen", "ends", "because"),
    [
        (12, 60, None, at(), at(hours=1), SessionEnd.IDLE),
        (12, 60, None, at(hours=11, minutes=30), at(hours=12), SessionEnd.MAX_AGE),
        (12, 0, None, at(), at(hours=12), SessionEnd.MAX_AGE),
        (1, 60, None, at(), at(hours=1), SessionEnd.MAX_AGE),
        (12, 60, at(minutes=10), at(), at(minutes=10), SessionEnd.IDP_SESSION_END),
        (12, 60, at(hours=8), at(hours=7, minutes=59), at(hours=8), SessionEnd.IDP_SESSION_END),
        (12, 60, at(hours=8), at(), at(hours=1), SessionEnd.IDLE),
        (12, 0, at(days=30), at(), at(hours=12), SessionEnd.MAX_AGE),
        (12, 5, at(hours=20), at(hours=3), at(hours=3, minutes=5), SessionEnd.IDLE),
    ],
)
def test_a_session_ends_at_the_earliest_of_its_limits_in_python_and_in_rows(
    settings, clock, hours, idle, stated, last_seen, ends, because
):
    settings.SESSION_MAX_HOURS, settings.SESSION_IDLE_MINUTES = hours, idle
    sign_in = open_sign_in(make_user(), actor=ADMIN, session_not_on_or_after=stated)
    SignIn.objects.update(last_seen_at=last_seen)
    sign_in.refresh_from_db()

    assert first_limit(sign_in) == (ends, because)
    assert lasting_limit(sign_in).at == min(filter(None, [at(hours=hours), stated]))
    for moment, is_open in ((ends - timedelta(seconds=1), True), (ends, False)):
        clock.move_to(moment)
        assert SignIn.objects.open().exists() is is_open
        assert SignIn.objects.overdue(moment).exists() is not is_open


def test_the_end_by_a_limit_is_written_down_with_its_moment_and_no_audit_entry(clock):
    sign_in = open_sign_in(make_user(), actor=ADMIN)
    clock.move_to(at(days=2))
    entries = AuditEntry.objects.count()

    assert end_overdue(SignIn.objects.all(), timezone.now()) == 1
    assert end_overdue(SignIn.objects.all(), timezone.now()) == 0

    sign_in.refresh_from_db()
    assert (sign_in.until, sign_in.ended_because) == (at(hours=1), "idle")
    assert AuditEntry.objects.count() == entries


def test_a_revocation_counts_only_what_was_open_and_a_longer_limit_brings_nothing_back(settings, clock):
    user = make_user()
    old = open_sign_in(user, actor=ADMIN)
    clock.move_to(at(hours=2))
    new = open_sign_in(user, actor=ADMIN)

    assert end_sign_ins([user.id], actor=ADMIN, because=SessionEnd.LOST_ACCESS) == 1

    settings.SESSION_IDLE_MINUTES = 0
    assert not SignIn.objects.open().exists()
    ends = dict(SignIn.objects.values_list("pk", "ended_because"))
    assert ends == {old.pk: "idle", new.pk: "lost_access"}


# ── A browser that nobody asks out, whatever it does ─────────────────────────────────────────────────────────────


def test_a_busy_session_ends_after_the_maximum(admin_client, clock):
    busy_until(admin_client, clock, at(hours=12) - timedelta(seconds=1))
    assert is_in(admin_client)

    clock.move_to(at(hours=12))

    assert not is_in(admin_client)
    assert "_auth_user_id" not in admin_client.session
    end_overdue_sessions()
    ended = SignIn.objects.get()
    assert (ended.until, ended.ended_because) == (at(hours=12), "max_age")
    assert not Session.objects.filter(expire_date__lt=at(hours=12)).exists()


def test_an_idle_session_ends_after_the_idle_limit_and_its_browser_is_shown_why(admin_client, clock):
    clock.move_to(at(minutes=59))
    assert is_in(admin_client)
    clock.move_to(at(minutes=118))
    assert is_in(admin_client)

    clock.move_to(at(minutes=178))

    answer = admin_client.get("/profile/", follow=True)
    assert "Your session has ended: nothing was done in it for too long." in answer.content.decode()
    ended = SignIn.objects.get()
    assert (ended.until, ended.ended_because) == (at(minutes=178), "idle")


def test_idleness_does_not_matter_when_it_is_switched_off(settings, admin_client, clock):
    settings.SESSION_IDLE_MINUTES = 0
    clock.move_to(at(hours=11))

    assert is_in(admin_client)


def test_a_session_of_one_idle_minute_lives_as_long_as_something_is_done(settings, admin_client, clock):
    settings.SESSION_IDLE_MINUTES = 1
    for second in range(0, 600, 50):
        clock.move_to(at(seconds=second))
        assert is_in(admin_client)
    clock.move_to(at(seconds=550 + 61))
    assert not is_in(admin_client)


def test_a_limit_that_was_shortened_holds_for_sessions_that_are_open(settings, admin_client, clock):
    busy_until(admin_client, clock, at(hours=3))
    settings.SESSION_MAX_HOURS = 2

    assert not is_in(admin_client)


def test_a_proof_in_an_open_session_does_not_lengthen_it(admin_client, clock):
    busy_until(admin_client, clock, at(hours=11, minutes=30))
    assert admin_client.post("/sign-in/again/?next=/profile/", {"password": PASSWORD}).status_code == 302
    assert SignIn.objects.get().authenticated_at == at(hours=11, minutes=30)

    clock.move_to(at(hours=12))

    assert not is_in(admin_client)


def test_a_new_password_in_an_open_session_does_not_lengthen_it(admin_client, clock):
    busy_until(admin_client, clock, at(hours=11, minutes=30))
    new = "another battery staple horse"
    form = {"current": PASSWORD, "new": new, "again": new}
    assert admin_client.post("/profile/password/", form).status_code == 302
    assert is_in(admin_client)

    clock.move_to(at(hours=12))

    assert not is_in(admin_client)


@pytest.mark.parametrize("path", ["/sync-history/progress/?since=2026-11-02T11:00:00Z"])
def test_what_a_page_asks_by_itself_does_not_keep_a_session_alive(admin_client, clock, path):
    for minute in range(5, 60, 5):
        clock.move_to(at(minutes=minute))
        assert admin_client.get(path).status_code == 200

    clock.move_to(at(minutes=60))

    assert admin_client.get(path).status_code == 302


@pytest.mark.parametrize("answer", ["unknown address", "without a CSRF token"])
def test_what_is_no_page_does_not_keep_a_session_alive(admin_client, clock, answer):
    admin_client.handler.enforce_csrf_checks = True
    clock.move_to(at(minutes=50))
    refused = (
        admin_client.get("/nowhere/")
        if answer == "unknown address"
        else admin_client.post("/profile/end-other-sessions/")
    )
    assert refused.status_code in {403, 404}

    clock.move_to(at(minutes=60))

    assert not is_in(admin_client)


def test_activity_costs_a_write_a_minute_and_no_further_query(admin_client, clock):
    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert is_in(admin_client)
        return [each["sql"] for each in captured.captured_queries]

    quiet = queries()
    clock.move_to(at(seconds=59))
    assert len(queries()) == len(quiet)
    assert not [sql for sql in quiet if sql.startswith(("UPDATE", "INSERT"))]
    clock.move_to(at(seconds=60))
    assert len([sql for sql in queries() if sql.startswith("UPDATE")]) == 1
    assert len(queries()) == len(quiet)


# ── Cookie, half a sign-in, and the facts of why ─────────────────────────────────────────────────────────────────


def test_the_cookie_and_django_s_session_end_with_the_maximum_however_often_they_are_saved(admin_client, clock):
    first = admin_client.cookies["gatekeeper_session"]
    assert first["max-age"] == 12 * 60 * 60
    clock.move_to(at(minutes=50))
    admin_client.get("/profile/second-factor/")  # keeps something in the session, so that the cookie is sent anew

    assert admin_client.cookies["gatekeeper_session"]["max-age"] == 12 * 60 * 60 - 50 * 60
    assert admin_client.session.get_expiry_date() == at(hours=12)


@pytest.mark.parametrize(("idle", "waits"), [(60, 10), (5, 5), (0, 10)])
def test_half_a_sign_in_waits_ten_minutes_and_no_longer_than_the_idle_limit(settings, clock, idle, waits):
    settings.SESSION_IDLE_MINUTES = idle
    secret = give_second_factor(make_administrator())
    browser = Client()
    browser.post("/sign-in/", {"email": "root@example.com", "password": PASSWORD})
    clock.move_to(at(minutes=waits) - timedelta(seconds=1))
    assert browser.get("/sign-in/code/").status_code == 200  # looking at the page lengthens nothing

    clock.move_to(at(minutes=waits))

    assert browser.post("/sign-in/code/", {"code": code_of(secret, steps=1)}).status_code == 302
    assert not SignIn.objects.exists()


def let_in_again(browser: Client) -> None:
    request = RequestFactory().get("/")
    request.session = browser.session
    request.user = SignIn.objects.get().user
    open_browser_session(request, request.user, open_sign_in(request.user, actor=ADMIN))


REASONS: dict[str, Callable[[Client], object]] = {
    "signed_out": lambda browser: browser.post("/sign-out/"),
    "signed_out_elsewhere": lambda browser: end_sign_ins(
        [SignIn.objects.get().user_id], actor=ADMIN, because=SessionEnd.SIGNED_OUT_ELSEWHERE
    ),
    "credential_changed": lambda browser: change_password(
        SignIn.objects.get().user_id, "another battery staple horse", actor=ADMIN
    ),
    "replaced": let_in_again,
}


@pytest.mark.parametrize("reason", REASONS)
def test_the_profile_page_says_why_each_session_ended(admin_client, reason):
    first = SignIn.objects.get()

    REASONS[reason](admin_client)

    first.refresh_from_db()
    assert first.ended_because == reason
    other = Client()
    password = "another battery staple horse" if reason == "credential_changed" else PASSWORD
    other.post("/sign-in/", {"email": "root@example.com", "password": password})
    assert f"ended: {SessionEnd(reason).label}" in other.get("/profile/").content.decode()


def test_the_profile_page_says_when_each_session_will_end(admin_client, clock):
    page = " ".join(admin_client.get("/profile/").content.decode().split())

    assert 'ends <time datetime="2026-11-02T13:00:00Z"' in page
    assert 'at the latest <time datetime="2026-11-03T00:00:00Z"' in page


def test_ended_sessions_are_shown_for_thirty_days(admin_client, clock):
    user = SignIn.objects.get().user
    gone = open_sign_in(user, actor=ADMIN, address="192.0.2.9")
    end_sign_in(gone.id, actor=ADMIN, because=SessionEnd.REVOKED_BY_ADMIN)
    assert "192.0.2.9" in admin_client.get("/profile/").content.decode()

    clock.move_to(at(days=30, seconds=1))

    admin_client.post("/sign-in/", {"email": "root@example.com", "password": PASSWORD})
    assert "192.0.2.9" not in admin_client.get("/profile/").content.decode()
