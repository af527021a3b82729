"""What the identity provider states about the end of a session (SessionNotOnOrAfter), and how long one lasts here.

SAML core 2.7.2.
"""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from gatekeeper.directory.models import SignIn
from gatekeeper.maintenance.tasks import end_overdue_sessions

pytestmark = pytest.mark.django_db


def is_in(browser) -> bool:
    return browser.client.get("/profile/").status_code == 200


@pytest.mark.parametrize(
    ("stated", "minutes", "because"),
    [
        (timedelta(minutes=10), 10, "idp_session_end"),
        (timedelta(minutes=59), 59, "idp_session_end"),
        (timedelta(hours=2), 60, "idle"),
        (timedelta(days=30), 60, "idle"),
        (None, 60, "idle"),
    ],
)
def test_a_session_ends_when_the_identity_provider_said_or_earlier(browser, ada, stated, minutes, because):
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        began = timezone.now()
        assert browser.sign_on(session_ends=stated).status_code == 302
        kept = SignIn.objects.get().session_not_on_or_after
        assert kept == (None if stated is None else began + stated)

        clock.move_to(began + timedelta(minutes=minutes) - timedelta(seconds=1))
        still_in = SignIn.objects.open().exists()
        clock.move_to(began + timedelta(minutes=minutes))

        assert still_in
        assert not is_in(browser)
        end_overdue_sessions()
    sign_in = SignIn.objects.get()
    assert (sign_in.until, sign_in.ended_because) == (began + timedelta(minutes=minutes), because)


def test_being_busy_does_not_outlast_the_identity_provider_s_session(browser, ada):
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        began = timezone.now()
        browser.sign_on(session_ends=timedelta(hours=3))
        for minute in range(30, 180, 30):
            clock.move_to(began + timedelta(minutes=minute))
            assert is_in(browser)
        clock.move_to(began + timedelta(hours=3))

        assert not is_in(browser)


def test_the_cookie_ends_with_the_identity_provider_s_session(browser, ada):
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False):
        browser.sign_on(session_ends=timedelta(hours=3))

        assert browser.client.cookies["gatekeeper_session"]["max-age"] == 3 * 60 * 60


def test_signing_on_again_opens_a_session_with_an_end_of_its_own(browser, ada):
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        began = timezone.now()
        browser.sign_on(session_ends=timedelta(minutes=30))
        clock.move_to(began + timedelta(minutes=20))
        browser.sign_on(session_ends=timedelta(minutes=30), session_index="_s2", assertion_id="_a2", response_id="_r2")
        clock.move_to(began + timedelta(minutes=45))

        assert is_in(browser)
        assert SignIn.objects.get(session_not_on_or_after=began + timedelta(minutes=30)).ended_because == "replaced"


def test_a_session_that_is_over_by_our_clock_only_lasts_for_what_clocks_may_differ(browser, ada):
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as clock:
        began = timezone.now()
        assert browser.sign_on(session_ends=-timedelta(seconds=30)).status_code == 302
        clock.move_to(began + timedelta(seconds=89))
        assert is_in(browser)
        clock.move_to(began + timedelta(seconds=90))
        assert not is_in(browser)


def test_a_session_that_is_over_before_it_began_is_not_opened(browser, ada):
    answer = browser.sign_on(session_ends=-timedelta(minutes=3))

    assert answer.status_code == 403
    assert not SignIn.objects.exists()


def test_a_person_s_page_says_that_the_identity_provider_ends_the_session(browser, ada):
    browser.sign_on(session_ends=timedelta(minutes=30))

    assert "(as the identity provider stated)" in browser.client.get("/profile/").content.decode()
