"""What Prometheus reads. Everything is counted in the database when it asks, so that all processes report the same."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gatekeeper.audit.models import AuditEntry, Outcome, ProvisioningEntry
from gatekeeper.audit.request_counts import Counted, reads_since, requests_since
from gatekeeper.directory.deprovisioning_limits.limits import deprovisioning_state
from gatekeeper.directory.models import IdpGroup, SignIn, User
from gatekeeper.directory.sessions.open_sessions import break_glass_uses
from gatekeeper.events.progress import delivery_progress
from gatekeeper.health import heartbeats
from gatekeeper.health.heartbeats import Process
from gatekeeper.health.models import DatabaseRefusal
from gatekeeper.runtime.row_counts import value_counts
from saml.certificate_state import longest_valid
from saml.models import Certificate, Connection, SyncRun, SyncState
from scim.models import ApiKey, ClientSecret
from scim.oauth.token_log import token_requests_since

SECONDS_A_DAY = 86_400


class _Gatekeeper(Collector):
    """Computed at the scrape: a fixed number of queries, all of them counts or single rows.

    What a long log holds is counted up to a bound and estimated beyond it.
    """

    def collect(self) -> Iterable[Metric]:
        yield from (
            _users(),
            _groups(),
            _sign_ins(),
            _break_glass(),
            _provisioning(),
            _last_seen(),
            _last_sync(),
            _key(),
            _secrets(),
            _token_requests(),
            _certificates(),
            _audit_waiting(),
            _reads(),
            _requests(),
            _database_refusals(),
            *_events(),
            *_deprovisioning(),
        )


def render() -> bytes:
    """The metrics in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gatekeeper())
    return generate_latest(registry)


def _users() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily("gatekeeper_users", "People that are not deleted.", labels=["origin", "active"])
    for row in User.objects.live().order_by().values("origin", "active").annotate(number=Count("id")):
        gauge.add_metric([row["origin"], str(row["active"]).lower()], row["number"])
    return gauge


def _groups() -> GaugeMetricFamily:
    return GaugeMetricFamily("gatekeeper_idp_groups", "Live IdP groups.", value=IdpGroup.objects.live().count())


def _sign_ins() -> GaugeMetricFamily:
    return GaugeMetricFamily("gatekeeper_open_sign_ins", "Open sessions.", value=SignIn.objects.open().count())


def _break_glass() -> CounterMetricFamily:
    return CounterMetricFamily(
        "gatekeeper_break_glass_sign_ins", "Sign-ins of local administrators.", value=break_glass_uses().count()
    )


def _provisioning() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "gatekeeper_provisioning_entries",
        "Entries of the provisioning log that are kept; from ten thousand of an outcome on about how many.",
        labels=["outcome"],
    )
    for outcome, number in value_counts(ProvisioningEntry, "outcome", Outcome.values).items():
        gauge.add_metric([outcome], number)
    return gauge


def _last_seen() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "gatekeeper_heartbeat_age_seconds", "Since a background process was last seen.", labels=["process"]
    )
    for process in Process:
        age = heartbeats.age(process)
        if age is not None:
            gauge.add_metric([process.value], age.total_seconds())
    return gauge


def _last_sync() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily("gatekeeper_saml_sync_age_seconds", "Since the last SAML user sync that finished.")
    last = SyncRun.objects.filter(state=SyncState.FINISHED).order_by("-finished_at").first()
    if last and last.finished_at:
        gauge.add_metric([], (timezone.now() - last.finished_at).total_seconds())
    return gauge


def _key() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily("gatekeeper_scim_key_days_left", "Until an active API key expires.", labels=["key"])
    for key in ApiKey.objects.active().exclude(expires_at=None):
        if key.expires_at:
            gauge.add_metric([str(key.id)], (key.expires_at - timezone.now()).total_seconds() / SECONDS_A_DAY)
    return gauge


def _secrets() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "gatekeeper_client_secret_days_left", "Until the last secret of an OAuth client expires.", labels=["client"]
    )
    ends = ClientSecret.objects.filter(revoked_at=None, client__revoked_at=None).order_by()
    for row in ends.values("client").annotate(last=Max("expires_at")):
        gauge.add_metric([str(row["client"])], (row["last"] - timezone.now()).total_seconds() / SECONDS_A_DAY)
    return gauge


def _token_requests() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "gatekeeper_token_requests_last_hour",
        "Requests for access tokens, by why they were refused; reason issued: they were not.",
        labels=["reason"],
    )
    for reason, number in token_requests_since(timezone.now() - timedelta(hours=1)).items():
        gauge.add_metric([reason], number)
    return gauge


def _certificates() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "gatekeeper_saml_certificate_days_left",
        "Until the last of a connection's valid signing certificates expires; not above 0 when none is valid.",
        labels=["connection"],
    )
    for connection, certificates in _certificates_by_connection().items():
        gauge.add_metric([str(connection.id)], _days_left(certificates, timezone.now()))
    return gauge


def _audit_waiting() -> GaugeMetricFamily:
    number = AuditEntry.objects.filter(position=None).count()
    return GaugeMetricFamily("gatekeeper_audit_entries_waiting", "Audit entries not linked yet.", value=number)


def _reads() -> GaugeMetricFamily:
    number = reads_since(timezone.now() - timedelta(hours=1))
    return GaugeMetricFamily("gatekeeper_scim_reads_last_hour", "SCIM reads that succeeded.", value=number)


def _requests() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "gatekeeper_scim_requests_last_hour",
        "SCIM requests by credential: served, beyond its limit (429), or from none of its networks (403).",
        labels=["credential", "result"],
    )
    results = {Counted.REQUEST: "served", Counted.THROTTLED: "throttled", Counted.REFUSED_ADDRESS: "refused_address"}
    for credential, counts in requests_since(timezone.now() - timedelta(hours=1)).items():
        for counted, result in results.items():
            gauge.add_metric([credential, result], counts[counted])
    return gauge


def _database_refusals() -> CounterMetricFamily:
    counter = CounterMetricFamily(
        "gatekeeper_database_refusals",
        "Requests answered 503 because the database could not serve them, by reason.",
        labels=["reason"],
    )
    for row in DatabaseRefusal.objects.order_by("reason"):
        counter.add_metric([row.reason], row.count)
    return counter


def _events() -> Iterator[GaugeMetricFamily]:
    label = ["subscriber"]
    undelivered = GaugeMetricFamily("gatekeeper_events_undelivered", "Events that wait for delivery.", labels=label)
    oldest = GaugeMetricFamily("gatekeeper_events_oldest_seconds", "Since the oldest of those happened.", labels=label)
    parked = GaugeMetricFamily("gatekeeper_events_parked", "Deliveries that were given up.", labels=label)
    for each in delivery_progress():
        undelivered.add_metric([each.subscriber], each.undelivered)
        oldest.add_metric([each.subscriber], each.oldest_age().total_seconds())
        parked.add_metric([each.subscriber], each.parked)
    yield from (undelivered, oldest, parked)


def _certificates_by_connection() -> dict[Connection, list[Certificate]]:
    """One query, however many connections there are."""
    live = Certificate.objects.live().filter(connection__provider__until=None)
    found: dict[Connection, list[Certificate]] = {}
    for certificate in live.select_related("connection__provider").order_by("connection__provider__name", "pk"):
        found.setdefault(certificate.connection, []).append(certificate)
    return found


def _days_left(certificates: list[Certificate], now: datetime) -> float:
    best = longest_valid(certificates, now)
    end = best.not_after if best else min(now, max(each.not_after for each in certificates))
    return (end - now).total_seconds() / SECONDS_A_DAY


def _deprovisioning() -> Iterator[GaugeMetricFamily]:
    state = deprovisioning_state()
    yield GaugeMetricFamily(
        "gatekeeper_deprovisioning_alarming",
        "1 while unusually many people lose access, or losses are held.",
        value=int(state.alarming),
    )
    yield GaugeMetricFamily(
        "gatekeeper_deprovisioning_lost",
        "People who lost access within the limit's window; on a quiet day counted up to the minimum.",
        value=state.lost,
    )
    yield GaugeMetricFamily(
        "gatekeeper_deprovisioning_held",
        "Requests that were held within the window of the deprovisioning limit.",
        value=state.held + state.held_gains,
    )
    yield GaugeMetricFamily(
        "gatekeeper_privilege_gained",
        "People who became Global Administrator within the window of the deprovisioning limit.",
        value=state.gained,
    )
