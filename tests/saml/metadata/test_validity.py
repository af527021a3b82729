"""For how long metadata holds (SAML metadata 2.3): validUntil, cacheDuration, certificates not valid yet."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from saml.connections.certificate_health import connection_warnings
from saml.connections.lifecycle import create_connection, refresh_connection
from saml.connections.refresh_results import result_text
from saml.errors import MetadataRefused
from saml.metadata import read_metadata
from saml.models import Connection
from saml.sync.run import sync_saml_users
from saml.xml.datetimes import within_calendar
from tests.builders import ADMIN
from tests.saml.certificates import made
from tests.saml.documents import aggregate, document, entity, idp, key, service
from tests.saml.forge import fingerprint, metadata, signed_metadata
from tests.saml.keys import key_pair

needs_database = pytest.mark.django_db
PAST, COMING = '"2020-01-01T00:00:00Z"', '"2999-01-01T00:00:00Z"'
PLACES = {
    "the entity": lambda stated: entity(attributes=stated),
    "the descriptor": lambda stated: entity(idp(attributes=stated)),
    "an aggregate": lambda stated: aggregate(entity(), attributes=stated),
    "an aggregate around an aggregate": lambda stated: aggregate(aggregate(entity()), attributes=stated),
    "one of two": lambda stated: aggregate(entity(attributes=stated), attributes=f"validUntil={COMING}"),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@needs_database
def test_an_end_that_has_passed_is_refused_at_first_and_later_the_good_one_is_kept(place):
    over = document(place(f"validUntil={PAST}"))
    with pytest.raises(MetadataRefused, match="valid until 01 January 2020 00:00 UTC only"):
        create_connection("A", document=over, actor=ADMIN)
    assert not Connection.objects.exists()

    good = document(place(f"validUntil={COMING}"))
    connection = create_connection("A", document=good, actor=ADMIN)
    with pytest.raises(MetadataRefused, match="valid until"):
        refresh_connection(connection.id, document=over, actor=ADMIN)
    connection.refresh_from_db()
    assert bytes(connection.document) == good
    assert connection.refresh_failed


@needs_database
def test_a_document_that_grows_old_stays_in_force_with_a_warning():
    ends = datetime.now(UTC) + timedelta(days=5)
    stated = f'validUntil="{ends:%Y-%m-%dT%H:%M:%SZ}"'
    connection = create_connection("A", document=document(entity(attributes=stated)), actor=ADMIN)
    assert connection_warnings(connection, datetime.now(UTC)) == []

    with time_machine.travel(ends + timedelta(hours=1), tick=False):
        run = sync_saml_users(actor=ADMIN)
        connection.refresh_from_db()
        warnings = " ".join(connection_warnings(connection, datetime.now(UTC)))

    assert result_text(run.metadata[0]).startswith("kept the last good document: it was valid until")
    assert connection.signing_certificates()
    assert "It stays in force" in warnings


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("2999-01-01T00:00:00Z", datetime(2999, 1, 1, tzinfo=UTC)),
        ("2999-01-01T00:00:00.1234567Z", datetime(2999, 1, 1, 0, 0, 0, 123456, UTC)),
        ("2999-01-01T00:00:00", datetime(2999, 1, 1, tzinfo=UTC)),
        (" 2999-01-01T02:00:00+02:00\n", datetime(2999, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", "kept"),
        ("0001-01-01T00:00:00Z", "over"),
        ("0001-01-01T00:00:00+14:00", "over"),
        ("tomorrow", None),
        ("2999-13-01T00:00:00Z", None),
        ("-0044-03-15T00:00:00Z", None),
        ("", None),
    ],
)
@needs_database
def test_times_at_the_edge_of_the_calendar_are_decided(stated, expected):
    content = document(entity(attributes=f'validUntil="{stated}"'))

    if expected == "over":
        with pytest.raises(MetadataRefused, match="valid until"):
            create_connection("A", document=content, actor=ADMIN)
        return
    connection = create_connection("A", document=content, actor=ADMIN)
    connection_warnings(connection, datetime.now(UTC))
    facts = read_metadata(content)
    if isinstance(expected, datetime):
        assert facts.valid_until == within_calendar(expected)
    elif expected is None:
        assert facts.valid_until is None
        assert bool(facts.left_out) is bool(stated)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("PT1H", timedelta(hours=1)),
        ("P1D", timedelta(days=1)),
        ("PT1440M", timedelta(days=1)),
        ("P1Y2M3DT4H5M6.7S", timedelta(days=428, hours=4, minutes=5, seconds=6)),
        ("P999999Y", timedelta(days=36_500)),
        ("PT604800.000S", timedelta(days=7)),
        ("P", None),
        ("PT", None),
        ("1 day", None),
        ("-PT1H", None),
        ("P" + "9" * 500 + "Y", None),
    ],
)
def test_how_long_it_may_be_kept_is_read(stated, expected):
    facts = read_metadata(document(entity(attributes=f'cacheDuration="{stated}"')))

    assert facts.cache == expected
    assert bool(facts.left_out) is (expected is None)


@needs_database
def test_metadata_that_is_older_than_it_may_be_kept_is_warned_about():
    content = document(entity(attributes='cacheDuration="PT6H"'))
    connection = create_connection("A", document=content, actor=ADMIN)
    Connection.objects.update(refresh_failed=True, refresh_result="the address answered 503.")
    connection.refresh_from_db()

    for hours, warned in ((5, False), (7, True)):
        now = datetime.now(UTC) + timedelta(hours=hours)
        assert ("cacheDuration" in " ".join(connection_warnings(connection, now))) is warned


@needs_database
def test_certificates_that_are_not_valid_yet_do_not_take_the_place_of_valid_ones():
    """RFC 5280 4.1.2.5."""
    coming, good = key_pair("coming", days=300, began_days_ago=-9), key_pair()
    connection = create_connection("A", document=metadata(good), actor=ADMIN)

    with pytest.raises(MetadataRefused, match="none of its signing certificates is valid yet; the first one is from"):
        refresh_connection(connection.id, document=metadata(coming), actor=ADMIN)
    _, result = refresh_connection(connection.id, document=metadata(good, coming), actor=ADMIN)
    assert str(result) == "1 certificate added, 0 withdrawn"


@needs_database
def test_a_connection_for_later_can_be_made_and_is_warned_about():
    """RFC 5280 4.1.2.5."""
    coming = key_pair("coming", days=300, began_days_ago=-9)

    connection = create_connection("A", document=metadata(coming), actor=ADMIN)

    assert "nobody can sign in before" in " ".join(connection_warnings(connection, datetime.now(UTC)))


def test_a_certificate_that_is_not_valid_yet_signs_no_metadata():
    """RFC 5280 4.1.2.5."""
    early = key_pair("early signer", days=300, began_days_ago=-9)
    signed = signed_metadata(early)

    assert "not valid before" in str(read_metadata(signed).unsigned_because)
    with pytest.raises(MetadataRefused, match="not valid before"):
        read_metadata(signed, pin=fingerprint(early))


@needs_database
def test_a_certificate_without_an_end_is_shown_in_every_time_zone(admin_client, settings):
    """RFC 5280 4.1.2.5: 99991231235959Z is what a certificate says that has no end."""
    settings.TIME_ZONE = "Pacific/Auckland"
    endless = made(name="endless", ends=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    create_connection("A", document=document(entity(idp(key(endless.base64), service()))), actor=ADMIN)

    answer = admin_client.get("/settings/configuration/authentication/")

    assert answer.status_code == 200
    assert "CN=endless" in answer.content.decode()
