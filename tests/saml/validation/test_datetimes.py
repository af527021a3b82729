"""Times at the edge of the calendar are decided, in responses and in logout messages: in, or refused with words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from gatekeeper.directory.models import SignIn
from saml.connections.lifecycle import refresh_connection
from saml.errors import MessageRefused, UnreadableTime
from saml.logout import read_logout_request, read_logout_response
from saml.models import SignInAttempt
from saml.refusals.reasons import Reason
from saml.refusals.texts import reason_text
from saml.sign_on import expectation_of
from saml.validation.response import validate_response
from saml.xml.datetimes import EARLIEST, LATEST, as_stated, read_moment, shifted
from tests.builders import ADMIN
from tests.saml.forge import NS, compose, metadata, sign, signed_response
from tests.saml.keys import key_pair
from tests.saml.logout.test_logout import logout_request, send

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
READ = {
    "2026-11-28T12:00:00Z": NOON,
    "2026-11-28T12:00:00.0000000Z": NOON,
    f"2026-11-28T12:00:00.{'0' * 40}Z": NOON,
    "2026-11-28T12:00:00.1234567Z": NOON + timedelta(microseconds=123456),
    "2026-11-28T12:00:00+00:00": NOON,
    "2026-11-28T12:00:00-00:00": NOON,
    "2026-11-28T13:00:00.0000000+01:00": NOON,
    "2026-11-29T02:00:00+14:00": NOON,
    "2026-11-27T22:00:00-14:00": NOON,
    " 2026-11-28T12:00:00Z\n": NOON,
    "2026-11-27T24:00:00Z": NOON - timedelta(hours=12),
    "0001-01-01T00:00:00Z": EARLIEST,
    "0001-01-01T00:00:00.0000000+14:00": EARLIEST,
    "9999-12-31T23:59:59.9999999Z": LATEST,
    "9999-12-31T23:59:59-14:00": LATEST,
    "9999-12-31T24:00:00Z": LATEST,
}
UNREADABLE = {
    "": Reason.NOT_A_TIME,
    "tomorrow": Reason.NOT_A_TIME,
    "2026-11-28": Reason.NOT_A_TIME,
    "2026-11-28 12:00:00Z": Reason.NOT_A_TIME,
    "20261128T120000Z": Reason.NOT_A_TIME,
    "2026-W48-6T12:00:00Z": Reason.NOT_A_TIME,
    "2026-11-28T12:00Z": Reason.NOT_A_TIME,
    "2026-11-28T12:00:00,5Z": Reason.NOT_A_TIME,
    "2026-11-28T12:00:00.Z": Reason.NOT_A_TIME,
    "2026-11-28T12:00:00z": Reason.NOT_A_TIME,
    "٢٠٢٦-11-28T12:00:00Z": Reason.NOT_A_TIME,
    f"2026-11-28T12:00:00.{'0' * 100}Z": Reason.NOT_A_TIME,
    "2026-11-28T12:00:00": Reason.NO_TIME_ZONE,
    "0000-01-01T00:00:00Z": Reason.YEAR_OUT_OF_RANGE,
    "10000-01-01T00:00:00Z": Reason.YEAR_OUT_OF_RANGE,
    "123456789-01-01T00:00:00Z": Reason.YEAR_OUT_OF_RANGE,
    "-0044-03-15T00:00:00Z": Reason.YEAR_OUT_OF_RANGE,
    "2026-13-01T00:00:00Z": Reason.NOT_IN_CALENDAR,
    "2026-00-01T00:00:00Z": Reason.NOT_IN_CALENDAR,
    "2026-02-30T00:00:00Z": Reason.NOT_IN_CALENDAR,
    "2026-11-28T25:00:00Z": Reason.NOT_IN_CALENDAR,
    "2026-11-28T24:00:01Z": Reason.NOT_IN_CALENDAR,
    "2026-11-28T12:60:00Z": Reason.NOT_IN_CALENDAR,
    "2026-12-31T23:59:60Z": Reason.LEAP_SECOND,
    "2026-11-28T12:00:00+14:01": Reason.NO_SUCH_TIME_ZONE,
    "2026-11-28T12:00:00+25:00": Reason.NO_SUCH_TIME_ZONE,
    "2026-11-28T12:00:00+01:75": Reason.NO_SUCH_TIME_ZONE,
}
ENDS = tuple(value for value, moment in READ.items() if moment == LATEST)
BEGINS = tuple(value for value, moment in READ.items() if moment == EARLIEST)
# Each dateTime of a response, and where it stands. IssueInstants are for the schema only, which allows any year.
PLACES = {
    "IssueInstant of Response": ".",
    "IssueInstant of Assertion": "saml:Assertion",
    "NotBefore of Assertion/Conditions": ".//saml:Conditions",
    "NotOnOrAfter of Assertion/Conditions": ".//saml:Conditions",
    "NotBefore of Assertion/Subject/SubjectConfirmation/SubjectConfirmationData": ".//saml:SubjectConfirmationData",
    "NotOnOrAfter of Assertion/Subject/SubjectConfirmation/SubjectConfirmationData": ".//saml:SubjectConfirmationData",
    "AuthnInstant of Assertion/AuthnStatement": ".//saml:AuthnStatement",
    "SessionNotOnOrAfter of Assertion/AuthnStatement": ".//saml:AuthnStatement",
}


@pytest.mark.parametrize("stated", READ)
def test_a_time_is_read_as_the_moment_that_it_is(stated):
    """SAML core 1.3.3."""
    assert read_moment(stated) == READ[stated]


@pytest.mark.parametrize("stated", UNREADABLE)
def test_what_is_no_time_of_saml_is_refused_with_its_reason(stated):
    """SAML core 1.3.3: xs:dateTime in UTC, without leap seconds."""
    with pytest.raises(UnreadableTime) as refused:
        read_moment(stated)

    assert refused.value.reason == UNREADABLE[stated]


@pytest.mark.parametrize("moment", [EARLIEST, LATEST, NOON, datetime.min.replace(tzinfo=UTC)])
@pytest.mark.parametrize("by", [timedelta.max, timedelta.min, timedelta(minutes=2), -timedelta(minutes=2)])
def test_no_time_is_moved_out_of_the_calendar(moment, by):
    moved = shifted(moment, by)

    assert EARLIEST <= moved <= LATEST
    assert read_moment(as_stated(moved)) == moved.replace(microsecond=0)
    assert timezone.localtime(moved, timezone=timezone.get_fixed_timezone(14 * 60))
    assert timezone.localtime(moved, timezone=timezone.get_fixed_timezone(-12 * 60))


def with_time(facts, place, value):
    """A genuine response with that value in that place, signed with it."""
    response = compose(facts)
    element = response if PLACES[place] == "." else response.find(PLACES[place], NS)
    element.set(place.split()[0], value)
    assertion = response.find("saml:Assertion", NS)
    response.replace(assertion, sign(assertion))
    return response


def refusal_of(judge, *arguments, **named):
    """What was wrong, "" when nothing was; anything but a MessageRefused is a bug."""
    try:
        judge(*arguments, **named)
    except MessageRefused as refusal:
        return reason_text(refusal.reason, refusal.parameters)
    return ""


@pytest.mark.django_db
@pytest.mark.parametrize("place", PLACES)
def test_every_time_of_a_response_is_decided(browser, connection, place):
    """SAML core 2.5.1.2 (Conditions), 2.4.1.2 (SubjectConfirmationData) and 2.7.2 (AuthnStatement)."""
    expected = replace(expectation_of(connection), request_id="id1")
    for value in (*READ, *UNREADABLE):
        document = etree.tostring(with_time(browser.facts("id1"), place, value))
        reason = refusal_of(validate_response, document, expected)

        if value in UNREADABLE and "IssueInstant" not in place:
            assert f"{place} is {value[:40]}" in reason
        if ("OnOrAfter" in place and value in ENDS) or ("NotBefore" in place and value in BEGINS):
            assert reason == ""
        if ("OnOrAfter" in place and value in BEGINS) or ("NotBefore" in place and value in ENDS):
            assert "compare the clocks" in reason


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"])
@pytest.mark.parametrize("place", list(PLACES)[2:])
def test_whoever_comes_in_at_the_edge_of_the_calendar_can_be_shown(browser, ada, admin_client, place, value):
    answer = browser.post(with_time(browser.facts(browser.begin()), place, value))

    assert answer.status_code in {302, 403}
    page = reverse("admin:saml_signinattempt_change", args=(SignInAttempt.objects.get().pk,))
    assert admin_client.get(page).status_code == 200
    if browser.is_signed_in:
        assert browser.client.get("/profile/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["IssueInstant", "NotOnOrAfter"])
def test_every_time_of_a_logout_message_is_decided(connection, name):
    """SAML core 3.2.1 (IssueInstant) and 3.7.1 (NotOnOrAfter)."""
    now = timezone.now()
    for value in (*READ, *UNREADABLE):
        message = etree.fromstring(logout_request(connection))
        message.set(name, value)
        reason = refusal_of(read_logout_request, etree.tostring(message), connection, query=None, now=now)

        assert f"{name} is {value[:40]}" in reason or (name == "NotOnOrAfter" and READ.get(value) == LATEST)
        message.tag = message.tag.replace("LogoutRequest", "LogoutResponse")
        assert reason == refusal_of(read_logout_response, etree.tostring(message), connection, query=None, now=now)


@pytest.mark.django_db
@pytest.mark.parametrize("value", [BEGINS[0], ENDS[0], "10000-01-01T00:00:00Z", "2026-13-01T00:00:00Z"])
@pytest.mark.parametrize("name", ["IssueInstant", "NotOnOrAfter"])
def test_a_logout_message_at_the_edge_of_the_calendar_is_answered(browser, ada, connection, name, value):
    """SAML core 3.2.1 (IssueInstant) and 3.7.1 (NotOnOrAfter)."""
    browser.sign_on()
    message = etree.fromstring(logout_request(connection))
    message.set(name, value)

    ended = send(connection, etree.tostring(message)).status_code == 302

    assert ended == (name == "NotOnOrAfter" and value in ENDS)
    assert SignIn.objects.live().exists() != ended


@pytest.mark.django_db
def test_a_certificate_without_a_well_defined_end_is_used_and_shown(browser, ada, connection, admin_client, settings):
    """RFC 5280 writes that as the last second of 9999; east of Greenwich its page would be in the year 10000."""
    endless = key_pair("endless", ends=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    refresh_connection(connection.id, document=metadata(endless), actor=ADMIN)

    browser.post(signed_response(browser.facts(browser.begin()), endless))

    assert browser.is_signed_in
    with timezone.override("Pacific/Kiritimati"):
        assert "9999" in admin_client.get(reverse("web:authentication")).content.decode()
