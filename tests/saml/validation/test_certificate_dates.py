"""A response is trusted only while the certificate that signed it is within its dates (RFC 5280 4.1.2.5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gatekeeper.directory.models import SignIn
from saml.models import Certificate
from saml.xml.datetimes import SKEW
from tests.saml.conftest import refusals

MARGIN = timedelta(seconds=30)
pytestmark = pytest.mark.django_db


def set_dates(**dates):
    Certificate.objects.update(**{name: timezone.now() + by for name, by in dates.items()})


@pytest.mark.parametrize("begins", [timedelta(days=400), timedelta(days=1), SKEW + MARGIN])
def test_a_response_signed_before_its_certificate_is_valid_is_refused(browser, ada, begins):
    set_dates(not_before=begins, not_after=timedelta(days=900))

    assert browser.sign_on().status_code == 403
    entry = refusals()[0]
    assert (entry.after["check"], entry.after["reason"]) == ("has_current_certificate", "certificate_not_yet_valid")
    assert not SignIn.objects.exists()


@pytest.mark.parametrize("ended", [timedelta(0), timedelta(days=1)])
def test_a_response_signed_after_its_certificate_ended_is_refused(browser, ada, ended):
    set_dates(not_after=-ended)

    assert browser.sign_on().status_code == 403
    entry = refusals()[0]
    assert (entry.after["check"], entry.after["reason"]) == ("has_current_certificate", "certificate_expired")


def test_a_certificate_that_begins_within_the_clock_skew_is_trusted(browser, ada):
    set_dates(not_before=SKEW - MARGIN)

    assert browser.sign_on().status_code == 302
