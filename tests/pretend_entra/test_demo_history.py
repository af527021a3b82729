"""The demo's past: two weeks in a working rhythm, written by the site's own services; the audit trail verifies."""

import io
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.utils import timezone

from entra_client.directory.company import make_company
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.models import AuditEntry, Outcome, ProvisioningEntry, RequestCount
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.deprovisioning_limits.limits import deprovisioning_state
from gatekeeper.directory.models import SignIn, User
from gatekeeper.events.models import WebhookDelivery
from gatekeeper.setup_steps import setup_steps
from pretend_entra.demo.history import calendar
from pretend_entra.demo.history.calendar import DAYS, Kind, first_moment, happenings, is_working_day
from pretend_entra.demo.history.clock import moved_to
from pretend_entra.demo.history.story import OPEN_ON_PURPOSE, Setting, Story
from pretend_entra.demo.script import MAPPINGS
from pretend_entra.identity_provider.application import IdentityProvider
from pretend_entra.identity_provider.server import identity_provider, serve
from saml.models import SignInAttempt, SyncRun
from scim.models import ApiKey
from scim.protocol.addresses import scim_url
from tests.site import free_port
from tests.web.pages import signed_in

NOW = datetime(2026, 3, 20, 15, 30, tzinfo=UTC)  # a Friday
COMPANY = make_company(people=150, groups=12, seed=79)


def test_two_weeks_follow_a_working_rhythm() -> None:
    found = happenings(NOW)
    by_kind = Counter(each.kind for each in found)
    accepted = Counter(each.at.date() for each in found if each.kind is Kind.ACCEPTED)
    hours = Counter(each.at.hour for each in found if each.kind is Kind.ACCEPTED)

    assert found == sorted(found) == happenings(NOW)
    assert found[0].at - first_moment(NOW) < timedelta(hours=3)
    assert found[-1].at < NOW
    assert set(by_kind) == set(Kind)
    assert by_kind[Kind.CYCLE] > DAYS * 35
    assert by_kind[Kind.SYNC] > DAYS * 23
    working = [number for day, number in accepted.items() if is_working_day(datetime(day.year, day.month, day.day))]  # noqa: DTZ001
    assert min(working) > 2 * max(number for day, number in accepted.items() if day.weekday() > 4)
    assert hours[8] > hours[12] > hours[19]
    assert hours[3] == 0


def test_the_clock_is_moved_also_for_what_took_it_as_a_default() -> None:
    with moved_to(NOW):
        assert timezone.now() == NOW
        assert AuditEntry().at == NOW
        with moved_to(NOW + timedelta(days=1)):
            assert timezone.now() == NOW + timedelta(days=1)
        assert timezone.localdate() == NOW.date()

    assert timezone.now() > NOW


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests end no connection, as with Django's test client: the transaction of the test is on it."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def idp(tmp_path: Path) -> Iterator[IdentityProvider]:
    port = free_port()
    application = identity_provider(COMPANY, tmp_path, port)
    server = serve(application, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield application
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.usefixtures("one_connection")
def test_the_past_is_whole_and_every_plot_of_home_has_something(
    db: None, idp: IdentityProvider, settings: Any, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(calendar, "ON_A_WORKING_DAY", 10)
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    said: list[str] = []
    setting = Setting(
        base_url=scim_url(),
        company=COMPANY,
        administrator="admin@demo.local",
        password="correct-horse-battery",
        connection="Pretend Entra",
        metadata_url=idp.addresses.metadata_url,
        not_provisioned=tuple(person.user_name for person in idp.unassigned),
        mappings=MAPPINGS,
        webhook=f"http://127.0.0.1:{free_port()}/",
    )

    Story(setting, said.append, io.StringIO()).play()

    now = timezone.now()
    long_ago = now - timedelta(days=DAYS - 1)
    stamped: dict[type[Any], str] = {
        ProvisioningEntry: "at",
        SignInAttempt: "at",
        SyncRun: "started_at",
        AuditEntry: "at",
    }
    for model, moment in stamped.items():
        days = {each.date() for each in model.objects.order_by().values_list(moment, flat=True)}
        assert min(days) <= long_ago.date(), model
        assert max(days) >= (now - timedelta(days=1)).date(), model
    assert RequestCount.objects.filter(minute__lt=long_ago, throttled__gt=0).exists()
    refused = ProvisioningEntry.objects.exclude(outcome=Outcome.CHANGED)
    assert {400, 409, 429} <= set(refused.values_list("status", flat=True))
    assert len(set(SignInAttempt.objects.filter(accepted=False).values_list("failed_check", flat=True))) >= 4
    assert SyncRun.objects.exclude(conflicts=[]).exists()
    assert SignIn.objects.exclude(until=None).exists()
    assert deprovisioning_state().holding
    assert ApiKey.objects.get().expires_at - now < timedelta(days=10)  # type: ignore[operator]
    assert WebhookDelivery.objects.filter(state="failed").exists()
    assert verify().problems == ()
    assert {step.key for step in setup_steps(site_facts()) if not step.done} <= OPEN_ON_PURPOSE
    page = signed_in(client, User.objects.get(user_name="admin@demo.local")).get("/").content.decode()
    assert page.count('class="plot-area"') == 4
    assert len(said) > DAYS
