"""Certificates that run out: counted in days, announced at 30, 7 and 1 of them, each one time."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from structlog.testing import capture_logs

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.models import AuditEntry
from gatekeeper.events.delivery import deliver_due
from gatekeeper.health import metrics
from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.saml_checks import check_certificates
from gatekeeper.secrets.expiry_steps import WARN_AT
from saml.certificate_state import certificate_state, longest_valid
from saml.certificates import SigningCertificate
from saml.connections.lifecycle import create_connection, refresh_connection
from saml.models import Certificate, Connection
from saml.sync.run import sync_saml_users
from tests.builders import ADMIN
from tests.saml.forge import fingerprint, metadata
from tests.saml.keys import key_pair

CLOCK = Actor.scheduler("tests")
NOW = datetime(2027, 5, 1, 12, tzinfo=UTC)
needs_database = pytest.mark.django_db


def certificate(ends: timedelta, begins: timedelta = timedelta(days=-400)) -> SigningCertificate:
    return SigningCertificate("ab" * 32, b"", "CN=idp", NOW + begins, NOW + ends)


@pytest.mark.parametrize(
    ("ends", "step", "words"),
    [
        (timedelta(days=31), None, "31 days left"),
        (timedelta(days=30, seconds=1), None, "30 days left"),
        (timedelta(days=30), 30, "30 days left"),
        (timedelta(days=7, seconds=1), 30, "7 days left"),
        (timedelta(days=7), 7, "7 days left"),
        (timedelta(days=1, hours=23), 7, "1 day left"),
        (timedelta(days=1), 1, "1 day left"),
        (timedelta(hours=3), 1, "less than a day left"),
        (timedelta(0), 0, "expired today"),
        (timedelta(days=-1, hours=-2), 0, "expired 1 day ago"),
    ],
)
def test_days_are_counted_and_steps_are_reached_to_the_second(ends, step, words):
    state = certificate_state(certificate(ends), NOW)

    assert (state.step, state.text) == (step, words)


def test_a_certificate_that_is_not_valid_yet_says_when_it_begins():
    assert (
        certificate_state(certificate(timedelta(days=400), timedelta(days=3)), NOW).text
        == "not valid yet, begins in 3 days"
    )
    assert certificate_state(certificate(timedelta(days=400), timedelta(hours=3)), NOW).text.endswith(
        "begins within a day"
    )


def test_what_lasts_is_the_longest_of_those_that_are_valid_now():
    short, long = certificate(timedelta(days=5)), certificate(timedelta(days=50))
    coming, gone = certificate(timedelta(days=900), timedelta(days=1)), certificate(timedelta(days=-1))

    assert longest_valid([short, coming, long, gone], NOW) is long
    assert longest_valid([coming, gone], NOW) is None


def announced() -> list[tuple[str, int]]:
    entries = AuditEntry.objects.filter(event="certificate.expiring").order_by("id")
    return [(entry.after["sha256"], entry.after["step"]) for entry in entries]


@needs_database
def test_the_hourly_sync_announces_each_step_once(connection):
    row = connection.certificates.get()
    for left in (31, 30, 29.9, 20, 7, 6, 1, 0.5, 0.4, -0.1, -1):
        with time_machine.travel(row.not_after - timedelta(days=left), tick=False):
            sync_saml_users(actor=CLOCK)

    assert announced() == [(row.sha256, step) for step in (*WARN_AT, 0)]


@needs_database
def test_after_a_long_night_only_the_step_that_is_due_is_announced(connection):
    row = connection.certificates.get()
    with time_machine.travel(row.not_after - timedelta(days=3), tick=False), capture_logs() as logged:
        sync_saml_users(actor=CLOCK)
        deliver_due()

    assert announced() == [(row.sha256, 7)]
    lines = [line for line in logged if line["event"] == "certificate.expiring"]
    assert [(line["sha256"], line["step"], line["log_level"]) for line in lines] == [(row.sha256, 7, "warning")]


@needs_database
def test_each_certificate_and_each_connection_is_announced_for_itself(db):
    for name in ("One", "Two"):
        keys = (key_pair("soon", days=6), key_pair("later", days=20))
        create_connection(name, document=metadata(*keys, entity_id=f"https://{name}/"), actor=ADMIN)

    sync_saml_users(actor=CLOCK)
    sync_saml_users(actor=CLOCK)

    assert sorted(step for _, step in announced()) == [7, 7, 30, 30]


@needs_database
def test_a_certificate_that_comes_back_is_not_announced_again(db):
    soon, long = key_pair("soon", days=6), key_pair("long", days=600)
    connection = create_connection("Entra", document=metadata(soon, long), actor=ADMIN)
    sync_saml_users(actor=CLOCK)
    refresh_connection(connection.id, document=metadata(long), actor=ADMIN)
    refresh_connection(connection.id, document=metadata(soon, long), actor=ADMIN)

    sync_saml_users(actor=CLOCK)

    assert announced() == [(fingerprint(soon), 7)]


@needs_database
def test_what_had_expired_before_it_was_known_is_no_news(db):
    create_connection("Entra", document=metadata(key_pair("old", days=-3), key_pair()), actor=ADMIN)

    sync_saml_users(actor=CLOCK)

    assert announced() == []


@needs_database
@pytest.mark.parametrize(
    ("left", "status", "words"),
    [
        (31, Status.OK, "31 days left"),
        (29.5, Status.WARNING, "expires in 29 days"),
        (0.5, Status.WARNING, "expires in less than a day"),
        (-1, Status.FAILED, "Every signing certificate has expired"),
    ],
)
def test_doctor_warns_at_the_same_limits(connection, left, status, words):
    with time_machine.travel(connection.certificates.get().not_after - timedelta(days=left), tick=False):
        (check,) = check_certificates()

    assert (check.status, words in check.detail) == (status, True)


@needs_database
def test_doctor_and_metrics_see_that_no_certificate_is_valid_yet(db):
    coming = key_pair("coming", days=300, began_days_ago=-5)
    create_connection("Entra", document=metadata(coming), actor=ADMIN)

    (check,) = check_certificates()

    assert check.status is Status.FAILED
    assert "No signing certificate is valid yet" in check.detail
    assert _days_left("Entra") == pytest.approx(0, abs=0.01)


@needs_database
def test_the_metric_counts_the_certificate_that_lasts(db):
    for name, days in (("One", 40), ("Two", 9)):
        keys = (key_pair("soon", days=6), key_pair(name, days=days))
        create_connection(name, document=metadata(*keys, entity_id=f"https://{name}/"), actor=ADMIN)

    assert _days_left("One") == pytest.approx(40, abs=0.1)
    assert _days_left("Two") == pytest.approx(9, abs=0.1)

    Certificate.objects.update(not_after=datetime.now(UTC) - timedelta(days=2))
    assert _days_left("One") == pytest.approx(-2, abs=0.1)


def _days_left(name: str) -> float:
    connection = Connection.objects.get(provider__name=name)
    begins = f'gatekeeper_saml_certificate_days_left{{connection="{connection.id}"'
    line = next(line for line in metrics.render().decode().splitlines() if line.startswith(begins))
    return float(line.rpartition(" ")[2])
