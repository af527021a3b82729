"""What Prometheus reads. Everything is counted in the database when it asks, so that all processes report the same."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Max, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gatekeeper.audit.models import AuditEntry, AuditHead, Outcome, ProvisioningEntry, VerificationRun
from gatekeeper.audit.request_counts import Counted, requests_since
from gatekeeper.audit.segments.state import State, last_run, listed, state_of, waits_for_erasure
from gatekeeper.audit.stream.progress import stream_progress
from gatekeeper.directory.deprovisioning_limits.limits import deprovisioning_state
from gatekeeper.directory.models import IdpGroup, SignIn, User
from gatekeeper.directory.sessions.open_sessions import break_glass_uses
from gatekeeper.events.mail_progress import mail_progress
from gatekeeper.events.models import Webhook, WebhookDelivery
from gatekeeper.events.progress import delivery_progress
from gatekeeper.health import heartbeats, living_processes
from gatekeeper.health.measured.families import measured
from gatekeeper.health.measured.system import around_the_site
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
            _processes(),
            _last_sync(),
            _key(),
            _secrets(),
            _token_requests(),
            _certificates(),
            *_audit_trail(),
            *_audit_segments(),
            *_requests(),
            _database_refusals(),
            *_events(),
            *_webhooks(),
            *_streams(),
            *_mail(),
            *_deprovisioning(),
            *measured(),
            *around_the_site(),
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
    for process, age in heartbeats.ages().items():
        if age is not None:
            # Ahead is as far off as behind: of a clock that was set back, until the process is seen again.
            gauge.add_metric([process.value], abs(age.total_seconds()))
    return gauge


def _processes() -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(
        "gatekeeper_process_heartbeat_age_seconds",
        "Since each worker and beat of the last day was seen that has not stopped as asked.",
        labels=["process", "host", "pid"],
    )
    for seen in living_processes.seen_lately():
        gauge.add_metric([seen.process.value, seen.host, str(seen.pid)], abs(seen.age.total_seconds()))
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


def _audit_trail() -> Iterator[GaugeMetricFamily]:
    """One statement. A number that is not known, as of a trail that was never verified, is left out."""
    unlinked = AuditEntry.objects.filter(position=None).order_by().values(constant=Value(1))
    last = VerificationRun.objects.exclude(finished_at=None).order_by("-finished_at")
    row = AuditHead.objects.filter(pk=1).values_list(
        Coalesce(Subquery(unlinked.annotate(number=Count("pk")).values("number")), 0),
        Subquery(last.values("problems")[:1]),
        Subquery(last.values("finished_at")[:1]),
    )
    waiting, problems, finished_at = row.first() or (None, None, None)
    unlinked_entries = GaugeMetricFamily("gatekeeper_audit_entries_waiting", "Audit entries not linked yet.")
    found = GaugeMetricFamily(
        "gatekeeper_audit_verification_problems", "What the last verification of the whole audit trail has found."
    )
    age = GaugeMetricFamily("gatekeeper_audit_verification_age_seconds", "Since that verification came to its end.")
    if waiting is not None:
        unlinked_entries.add_metric([], waiting)
    if finished_at is not None:
        found.add_metric([], len(problems or ()))
        age.add_metric([], (timezone.now() - finished_at).total_seconds())
    yield from (unlinked_entries, found, age)


def _audit_segments() -> Iterator[GaugeMetricFamily]:
    """One statement where nothing was ever sealed; otherwise three, and one look at each file."""
    run = last_run()
    segments, waiting = (listed(), waits_for_erasure()[0]) if run else ([], 0)
    yield GaugeMetricFamily(
        "gatekeeper_audit_entries_sealed",
        "Audit entries that are in sealed files only.",
        value=max((each.last for each in segments if each.deleted_at), default=0),
    )
    yield GaugeMetricFamily(
        "gatekeeper_audit_segment_files_missing",
        "Sealed files that are not on this machine, or have another size.",
        value=sum(state_of(each) in (State.MISSING, State.SIZE_DIFFERS) for each in segments),
    )
    yield GaugeMetricFamily(
        "gatekeeper_audit_sealing_failed",
        "1 while the last run that seals audit entries has failed.",
        value=int(run is not None and run.failure is not None),
    )
    yield GaugeMetricFamily(
        "gatekeeper_audit_segment_erasures_waiting",
        "Erased people whose data is still in sealed files.",
        value=waiting,
    )


def _requests() -> Iterator[GaugeMetricFamily]:
    gauge = GaugeMetricFamily(
        "gatekeeper_scim_requests_last_hour",
        "SCIM requests by credential: served, beyond its limit (429), or from none of its networks (403).",
        labels=["credential", "result"],
    )
    results = {Counted.REQUEST: "served", Counted.THROTTLED: "throttled", Counted.REFUSED_ADDRESS: "refused_address"}
    counted_lately = requests_since(timezone.now() - timedelta(hours=1))
    for credential, counts in counted_lately.items():
        for counted, result in results.items():
            gauge.add_metric([credential, result], counts[counted])
    reads = sum(counts[Counted.READ] for counts in counted_lately.values())
    yield GaugeMetricFamily("gatekeeper_scim_reads_last_hour", "SCIM reads that succeeded.", value=reads)
    yield gauge


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


def _webhooks() -> Iterator[GaugeMetricFamily]:
    label = ["webhook"]
    paused = GaugeMetricFamily("gatekeeper_webhook_paused", "1 while it is sent nothing.", labels=label)
    failures = GaugeMetricFamily("gatekeeper_webhook_failures", "Attempts since the last accepted one.", labels=label)
    waiting = GaugeMetricFamily("gatekeeper_webhook_waiting", "Deliveries that have still to be sent.", labels=label)
    rows = WebhookDelivery.objects.waiting().filter(webhook=OuterRef("pk")).order_by().values("webhook")
    number = Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0)
    for each in Webhook.objects.annotate(number=number):
        paused.add_metric([str(each.pk)], int(each.paused_at is not None))
        failures.add_metric([str(each.pk)], each.failures)
        waiting.add_metric([str(each.pk)], each.number)
    yield from (paused, failures, waiting)


def _streams() -> Iterator[GaugeMetricFamily]:
    label = ["stream"]
    behind = GaugeMetricFamily("gatekeeper_stream_lag_entries", "Audit entries not accepted yet.", labels=label)
    lag = GaugeMetricFamily("gatekeeper_stream_lag_seconds", "Since the first of those was written.", labels=label)
    failures = GaugeMetricFamily("gatekeeper_stream_failures", "Attempts since the last accepted one.", labels=label)
    paused = GaugeMetricFamily("gatekeeper_stream_paused", "1 while it is sent nothing.", labels=label)
    for each in stream_progress():
        name = [each.stream.name]
        behind.add_metric(name, each.behind)
        lag.add_metric(name, each.lag.total_seconds())
        failures.add_metric(name, each.stream.failures)
        paused.add_metric(name, int(each.stream.paused_at is not None))
    yield from (behind, lag, failures, paused)


def _mail() -> Iterator[GaugeMetricFamily]:
    """One query; nothing where nobody is written to, so that nobody is alerted."""
    waiting = GaugeMetricFamily("gatekeeper_mail_waiting", "Messages that have still to be sent.", labels=["recipient"])
    failing = GaugeMetricFamily(
        "gatekeeper_mail_failing_seconds",
        "Since the oldest message was made that has been tried and not sent; 0 while there is none.",
        labels=["recipient"],
    )
    paused = GaugeMetricFamily("gatekeeper_mail_paused", "1 while it is sent nothing.", labels=["recipient"])
    for each in mail_progress():
        recipient = [str(each.recipient.pk)]
        waiting.add_metric(recipient, each.waiting)
        failing.add_metric(recipient, each.failing_for.total_seconds())
        paused.add_metric(recipient, int(each.recipient.paused_at is not None))
    yield from (waiting, failing, paused)


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
