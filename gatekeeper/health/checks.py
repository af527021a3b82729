"""Can this installation do its work? One function per question; ``doctor``, /readyz and the pages ask them.

What only administrators can put right (no key yet, no fallback team) is a warning: the site runs all the same.
"""

import stat
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from gatekeeper.celery import app
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.local_accounts.accounts import local_accounts
from gatekeeper.directory.local_accounts.second_factor_rule import without_second_factor
from gatekeeper.health import heartbeats
from gatekeeper.health.audit_checks import check_audit_trail, check_audit_triggers
from gatekeeper.health.check_result import Check, Status, failed, ok, warning
from gatekeeper.health.event_checks import check_events
from gatekeeper.health.heartbeats import Process
from gatekeeper.health.key_checks import check_former_keys
from gatekeeper.setup_steps import MAP_THE_WORK_EMAIL, NO_CONNECTION, NO_FALLBACK_TEAM, NO_KEY, work_emails
from saml.certificate_state import WARN_AT, certificate_state, longest_valid
from saml.connections.certificate_health import certificate_warnings
from saml.connections.key_pairs import key_pairs, keys_are_readable
from saml.models import Connection, SyncRun, SyncState
from scim.models import ApiKey

BROKER_TIMEOUT = 3  # seconds
NEEDED_TO_SERVE = frozenset({"database", "database_writable", "migrations"})
OWN_ADDRESS_TIMEOUT = 5  # seconds
CLOCK_TOLERANCE = timedelta(seconds=5)  # SAML assertions are refused beyond the skew that saml allows, which is larger
WARN_BEFORE = timedelta(days=max(WARN_AT))  # before a key expires; as for certificates
SYNC_LATE_AFTER = timedelta(minutes=75)  # one missed minute 45 and some slack


def check_database() -> Check:
    """One statement through the connection that everything uses."""
    name = "database"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return failed(name, f"The database does not answer: {_one_line(error)}", "Start it, or correct DATABASE_URL.")
    return ok(name, f"{connection.vendor} answers.")


def check_writable() -> Check:
    """Whether the database takes a write: a standby, a full disk and a read-only file system answer reads all the same.

    The write is undone. Without its table there is nothing to try, which ``check_migrations`` says.
    """
    name = "database_writable"
    try:
        with transaction.atomic():
            heartbeats.beat(Process.WEB)
            transaction.set_rollback(True)
    except DatabaseError as error:
        fix = "Point DATABASE_URL at the primary server, and make room on its disk."
        return failed(name, f"The database takes no writes: {_one_line(error)}", fix)
    return ok(name, "It takes writes.")


def check_migrations() -> Check:
    """Whether the tables are those that this version of the code expects."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in pending[:5])
        return failed("migrations", f"{len(pending)} not applied: {names}", "Run manage.py migrate.")
    return ok("migrations", "All are applied.")


def check_broker() -> Check:
    """Whether a task could be handed over now."""
    kind = "Redis" if settings.REDIS_URL else "The embedded broker"
    try:
        with app.connection_for_write(connect_timeout=BROKER_TIMEOUT) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_TIMEOUT)
    except (OSError, KombuError, RedisError) as error:
        fix = "Start Redis, or correct REDIS_URL." if settings.REDIS_URL else "Make DATA_DIR/broker writable."
        return failed("broker", f"{kind} does not answer: {_one_line(error)}", fix)
    return ok("broker", f"{kind} answers.")


def check_worker() -> Check:
    """Whether a worker has run the last heartbeat task."""
    return _alive("worker", Process.WORKER, "Start the Celery worker (Procfile, line 'worker').")


def check_beat() -> Check:
    """Whether beat runs: without it there is no sync at minute 45."""
    return _alive("beat", Process.BEAT, "Start Celery beat, exactly one (Procfile, line 'beat').")


def check_public_url() -> Check:
    """Whether the site answers at the address that identity providers and browsers use."""
    address = f"{settings.PUBLIC_URL}/healthz"
    try:
        status = httpx.get(address, timeout=OWN_ADDRESS_TIMEOUT).status_code
    except httpx.HTTPError as error:
        detail = f"{address} cannot be reached from here: {_one_line(error)}"
        return failed("public_url", detail, "Start the web server, or correct PUBLIC_URL, or the proxy before it.")
    if status != httpx.codes.OK:
        return failed("public_url", f"{address} answers {status}.", "Point PUBLIC_URL at this site; check the proxy.")
    return ok("public_url", f"{settings.PUBLIC_URL} answers.")


def check_scim_key() -> Check:
    """Whether the directory has a key, and for how long."""
    key = ApiKey.objects.active().order_by("-created_at").first()
    if key is None:
        fix = "Generate a key on the SCIM page and paste it into the identity provider as Secret Token."
        return warning("scim_key", NO_KEY, fix)
    if key.expires_at is None:
        return ok("scim_key", f"{key.name} is active and does not expire.")
    left = key.expires_at - timezone.now()
    if left < WARN_BEFORE:
        fix = "Generate a new key with manage.py scim_key generate --rotate and paste it into the identity provider."
        return warning("scim_key", f"{key.name} expires in {left.days} days.", fix)
    return ok("scim_key", f"{key.name} is active for {left.days} more days.")


def check_certificates() -> list[Check]:
    """What is to be done about each connection's signing certificates, and whether there is a connection."""
    found = [check for saml in Connection.objects.live() for check in _check_certificates_of(saml)]
    fix = "Create one under Settings > Configuration > Authentication."
    return found or [warning("saml_certificates", NO_CONNECTION, fix)]


def _check_certificates_of(saml: Connection) -> Iterable[Check]:
    name, now, certificates = "saml_certificates", timezone.now(), saml.signing_certificates()
    concerns = certificate_warnings(certificates, now)
    fix = f"Renew the signing certificate at {saml.name}, then refresh the connection."
    for concern in concerns:
        yield (failed if concern.stops_sign_in else warning)(name, f"{saml.name}: {concern.text}", fix)
    best = longest_valid(certificates, now)
    if best is not None and not concerns:
        yield ok(name, f"{saml.name}: {certificate_state(best, now).text}.")


def check_own_certificates() -> list[Check]:
    """Days left of our own certificate at each connection, and whether its private key can be read."""
    name, found = "saml_own_certificates", []
    for saml in Connection.objects.live():
        days = key_pairs(saml)[0].days_left(timezone.now())
        fix = f"Run manage.py saml_connection rotate-key {saml.id}; docs/saml.md, 'Our own keys', says what comes next."
        if not keys_are_readable(saml):
            detail = f"{saml.name}: our private key cannot be read with the present SECRET_KEY."
            found.append(failed(name, detail, f"Restore SECRET_KEY. Or: {fix}"))
        elif days < WARN_BEFORE.days:
            found.append(warning(name, f"{saml.name}: our own certificate has {max(days, 0)} days left.", fix))
        else:
            found.append(ok(name, f"{saml.name}: our own certificate has {days} days left."))
    return found


def check_fallback_team() -> Check:
    """Whether everybody who has access gets a team."""
    site = site_facts()
    team = site.teams.get(site.fallback_team_id) if site.fallback_team_id else None
    if team is None:
        fix = "Choose one under Settings > Configuration > SCIM."
        return warning("fallback_team", NO_FALLBACK_TEAM, fix)
    return ok("fallback_team", f"{team} is the fallback team.")


def check_work_email() -> Check:
    """Whether the work e-mail is what people sign in under, as far as what was provisioned shows it."""
    emails = work_emails()
    if emails.differing:
        return warning("work_email", emails.detail, MAP_THE_WORK_EMAIL)
    return ok("work_email", emails.detail)


def check_second_factors() -> Check:
    """Whether each break-glass account asks for more than a password."""
    name = "second_factor"
    missing = list(without_second_factor().values_list("user_name", flat=True))
    if missing:
        named = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
        fix = "Let each of them sign in and set up a second factor on the profile page."
        return warning(name, f"The password alone lets in: {named}.", fix)
    return ok(name, "Every local administrator has one.")


def check_one_time_passwords() -> Check:
    """Whether a password that works once still waits for its first sign-in."""
    name = "one_time_password"
    waiting = [account for account in local_accounts() if account.one_time_until]
    if not waiting:
        return ok(name, "No local administrator has a password that works once.")
    named = ", ".join(account.user.user_name for account in waiting[:5])
    if all(account.one_time_until > timezone.now() for account in waiting if account.one_time_until):
        return warning(name, f"Not used yet: that of {named}.", "Sign in with it; the page asks for another one.")
    fix = "Set another one: manage.py reset_password EMAIL --password-stdin."
    return warning(name, f"Its 72 hours are over for {named}.", fix)


def check_files() -> Check:
    """Whether only the site's own account may read what is secret on disk."""
    name = "secret_files"
    secret = [Path(settings.DATA_DIR) / "secret_key"]
    if connection.vendor == "sqlite":
        database = str(settings.DATABASES["default"]["NAME"])
        secret += [Path(database + suffix) for suffix in ("", "-wal", "-shm")]
    others = stat.S_IRWXG | stat.S_IRWXO
    open_ones = [str(path) for path in secret if path.is_file() and path.stat().st_mode & others]
    if not open_ones:
        return ok(name, "Secrets on disk are readable by the site's account only.")
    listed = " ".join(open_ones)
    return warning(name, f"Other accounts of this machine may read or write: {listed}.", f"chmod 600 {listed}")


def check_clock() -> Check:
    """Whether this machine's clock agrees with the database's; assertions and sessions depend on it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()" if connection.vendor == "postgresql" else "SELECT 1")
        stated = cursor.fetchone()[0]
    if connection.vendor != "postgresql":
        return ok("clock", f"It is {timezone.now():%Y-%m-%d %H:%M} UTC here; the database is on this machine.")
    difference = abs(timezone.now() - stated)
    if difference > CLOCK_TOLERANCE:
        detail = f"This machine and the database differ by {difference.total_seconds():.0f} seconds."
        return failed("clock", detail, "Synchronise both machines' clocks (NTP).")
    return ok("clock", "This machine and the database agree.")


def check_saml_sync() -> Check:
    """How long ago the last SAML user sync ended well."""
    last = SyncRun.objects.filter(state=SyncState.FINISHED).order_by("-finished_at").first()
    if last is None or last.finished_at is None:
        return warning("saml_sync", "No sync has finished yet.", "Wait for minute 45 or run manage.py sync_saml_users.")
    age = timezone.now() - last.finished_at
    minutes = int(age.total_seconds() // 60)
    if age > SYNC_LATE_AFTER:
        fix = "Look at the sync history and the worker's log; run manage.py sync_saml_users."
        return failed("saml_sync", f"The last sync that finished was {minutes} minutes ago.", fix)
    return ok("saml_sync", f"The last sync finished {minutes} minutes ago.")


AFTER_THE_DATABASE: tuple[Callable[[], Check | list[Check]], ...] = (
    check_broker,
    check_worker,
    check_beat,
    check_public_url,
    check_scim_key,
    check_certificates,
    check_own_certificates,
    check_fallback_team,
    check_work_email,
    check_second_factors,
    check_one_time_passwords,
    check_files,
    check_clock,
    check_saml_sync,
    check_events,
    check_audit_trail,
    check_audit_triggers,
    check_former_keys,
)


def run_checks() -> list[Check]:
    """All checks, in the order in which one would look. Without a database or its tables the rest cannot be asked."""
    database = check_database()
    if database.status is Status.FAILED:
        return [database, check_broker()]
    migrations = check_migrations()
    if migrations.status is Status.FAILED:
        return [database, migrations, check_broker()]
    return [database, check_writable(), migrations, *_flat(check() for check in AFTER_THE_DATABASE)]


def run_readiness_checks() -> list[Check]:
    """What ``/readyz`` reports; ``is_ready`` says which of it keeps traffic away."""
    database = check_database()
    if database.status is Status.FAILED:
        return [database, check_broker()]
    migrations = check_migrations()
    if migrations.status is Status.FAILED:
        return [database, migrations, check_broker()]
    return [database, check_writable(), migrations, check_broker(), check_worker(), check_beat()]


def is_ready(found: Iterable[Check]) -> bool:
    """Whether this process can serve. Without broker, worker or beat it can: tasks wait, and requests are answered."""
    return all(check.status is not Status.FAILED for check in found if check.name in NEEDED_TO_SERVE)


def _alive(name: str, process: Process, fix: str) -> Check:
    age = heartbeats.age(process)
    if age is None:
        return failed(name, "It has never been seen.", fix)
    seconds = int(age.total_seconds())
    if age > heartbeats.LATE_AFTER:
        return failed(name, f"It was last seen {seconds} seconds ago.", fix)
    return ok(name, f"It was seen {seconds} seconds ago.")


def _flat(answers: Iterable[Check | list[Check]]) -> Iterable[Check]:
    for answer in answers:
        yield from answer if isinstance(answer, list) else [answer]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def as_documents(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """The checks as JSON objects."""
    return [check.as_document() for check in checks]
