"""Open sessions on the profile page, and what the others learn of a local administrator's."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import SessionEnd, SignIn, User
from gatekeeper.directory.sessions.open_sessions import end_sign_in, open_sign_in
from gatekeeper.events.delivery import deliver_due
from gatekeeper.web.people.sessions import browser_label
from tests.builders import ADMIN, PASSWORD, make_administrator, make_user
from tests.web.pages import text_of

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0"
EDGE = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (EDGE, "Edge on macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 14; Pixel) Chrome/126.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5", "An unknown program"),
        ("", "An unknown program"),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: str) -> None:
    assert browser_label(user_agent) == words


def open_session(user: User, **facts: str) -> SignIn:
    return open_sign_in(user, actor=ADMIN, **facts)  # type: ignore[arg-type]


def test_every_open_session_is_listed_this_one_first(admin_client: Client, administrator: User) -> None:
    for number in range(12):
        open_session(administrator, address=f"192.0.2.{number}", user_agent=FIREFOX)

    text = " ".join(text_of(admin_client.get("/profile/")).split())

    listed = text.split("Open sessions")[1].split("</ul>")[0]
    assert listed.count("<li") == 13
    assert "this browser" in listed.split("</li>")[0]
    assert "Firefox on Windows" in listed
    assert "from 192.0.2.7" in listed
    assert "since <time" in listed
    assert "last seen <time" in listed


def test_a_session_whose_cookie_has_run_out_is_not_listed(admin_client: Client, administrator: User) -> None:
    gone = open_session(administrator, address="192.0.2.1")
    SignIn.objects.filter(pk=gone.pk).update(since=timezone.now() - timedelta(hours=13))

    open_ones, ended = text_of(admin_client.get("/profile/")).split("Ended sessions")
    assert "192.0.2.1" not in open_ones
    assert "192.0.2.1" in ended
    assert "it had lasted as long as a session may" in ended


def test_of_the_sessions_that_ended_the_last_three_are_shown_and_the_rest_is_folded(
    admin_client: Client, administrator: User
) -> None:
    for number in range(5):
        session = open_session(administrator, address=f"192.0.2.{number}")
        end_sign_in(session.id, actor=ADMIN, because=SessionEnd.SIGNED_OUT)

    ended = text_of(admin_client.get("/profile/")).split("Ended sessions")[1].split("</section>")[0]
    shown, fold = ended.split("<details")

    assert "5 in the last 30 days" in shown
    assert [part.count("from 192.0.2.") for part in (shown, fold)] == [3, 2]
    assert "192.0.2.4" in shown


def test_one_session_of_ones_own_is_ended(admin_client: Client, administrator: User) -> None:
    other = open_session(administrator)

    admin_client.post(reverse("web:end_own_session", args=(other.id,)))

    assert other not in SignIn.objects.live()
    assert admin_client.get("/profile/").status_code == 200


def test_all_others_are_ended_and_this_one_goes_on(admin_client: Client, administrator: User) -> None:
    for _ in range(3):
        open_session(administrator)

    page = admin_client.post(reverse("web:end_other_sessions"), follow=True)

    assert "3 sessions ended; this one goes on." in text_of(page)
    assert SignIn.objects.live().count() == 1


def test_nobody_ends_a_session_of_somebody_else_as_their_own(person_with: Callable[..., Client]) -> None:
    browser = person_with("collaborator")
    other = open_session(make_user())

    assert browser.post(reverse("web:end_own_session", args=(other.id,))).status_code == 404
    person = reverse("web:end_session", args=(other.user_id, other.id))
    assert browser.post(person).status_code == 403
    assert other in SignIn.objects.live()


def test_an_administrator_sees_and_ends_one_session_of_somebody(admin_client: Client) -> None:
    user = make_user()
    first, second = open_session(user, user_agent=EDGE), open_session(user)
    assert "Edge on macOS" in text_of(admin_client.get(reverse("web:person", args=(user.id,))))

    admin_client.post(reverse("web:end_session", args=(user.id, first.id)))

    assert list(SignIn.objects.live().filter(user=user)) == [second]


# ── Break-glass ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def other_admin_client(db: None) -> Client:
    """The browser of another local administrator."""
    make_administrator("other@example.com")
    browser = Client()
    browser.post("/sign-in/", {"email": "other@example.com", "password": PASSWORD})
    return browser


def test_each_use_is_in_the_audit_trail_and_a_warning_in_the_log(administrator: User) -> None:
    with capture_logs() as logged:
        Client().post("/sign-in/", {"email": "root@example.com", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
        deliver_due()

    used = AuditEntry.objects.get(event="break_glass.used")
    assert used.after == {"address": "192.0.2.1", "with": "password"}
    assert (used.object_id, used.actor_id) == (str(administrator.id), str(administrator.id))
    (line,) = [line for line in logged if line["event"] == "break_glass.used"]
    assert (line["log_level"], line["account"], line["address"]) == ("warning", "root@example.com", "192.0.2.1")


def test_other_administrators_see_it_for_some_days_and_oneself_is_not(
    admin_client: Client, other_admin_client: Client
) -> None:
    words = "Local administrator root@example.com signed in"
    overview = "/settings/configuration/"

    assert words in " ".join(text_of(other_admin_client.get(overview)).split())
    assert words not in " ".join(text_of(admin_client.get(overview)).split())
    SignIn.objects.filter(user__user_name="root@example.com").update(since=timezone.now() - timedelta(days=8))
    assert words not in " ".join(text_of(other_admin_client.get(overview)).split())


def test_a_person_of_the_identity_provider_is_no_break_glass_account(person_with: Callable[..., Client]) -> None:
    browser = person_with("global_administrator", "configuration")

    assert not AuditEntry.objects.filter(event="break_glass.used").exists()
    assert "A local account was used" not in text_of(browser.get("/settings/configuration/"))
