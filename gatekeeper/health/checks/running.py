"""Can this installation do its work? One function per question, in the files beside this one, for doctor and /readyz.

What only administrators can put right (no key yet, no fallback team) is a warning: the site runs all the same.
"""

from collections.abc import Callable, Iterable
from typing import Any

from gatekeeper.health.checks.audit_checks import (
    check_audit_segments,
    check_audit_trail,
    check_audit_triggers,
    check_audit_verification,
)
from gatekeeper.health.checks.database_checks import (
    check_clock,
    check_database,
    check_migrations,
    check_statistics,
    check_writable,
)
from gatekeeper.health.checks.directory_checks import (
    check_fallback_team,
    check_one_time_passwords,
    check_second_factors,
)
from gatekeeper.health.checks.event_checks import check_events, check_mail, check_streams, check_webhooks
from gatekeeper.health.checks.machine_checks import check_data_dir, check_long_statements, check_queue
from gatekeeper.health.checks.oauth_checks import check_oauth_clients
from gatekeeper.health.checks.process_checks import check_beat, check_broker, check_public_url, check_worker
from gatekeeper.health.checks.result import Check, Status
from gatekeeper.health.checks.saml_checks import check_certificates, check_own_certificates, check_saml_sync
from gatekeeper.health.checks.scim_checks import check_scim_key, check_work_email
from gatekeeper.health.checks.secret_checks import check_files, check_former_keys

Ask = Callable[[], Check | list[Check]]
NEEDED_TO_SERVE = frozenset({"database", "database_writable", "migrations"})

AFTER_THE_DATABASE: tuple[Ask, ...] = (
    check_broker,
    check_worker,
    check_beat,
    check_queue,
    check_data_dir,
    check_long_statements,
    check_public_url,
    check_scim_key,
    check_oauth_clients,
    check_certificates,
    check_own_certificates,
    check_fallback_team,
    check_work_email,
    check_second_factors,
    check_one_time_passwords,
    check_files,
    check_clock,
    check_statistics,
    check_saml_sync,
    check_events,
    check_webhooks,
    check_streams,
    check_mail,
    check_audit_trail,
    check_audit_verification,
    check_audit_triggers,
    check_audit_segments,
    check_former_keys,
)


def run_checks() -> list[Check]:
    """All checks, in the order in which one would look."""
    return _after_the_database(AFTER_THE_DATABASE)


def run_readiness_checks() -> list[Check]:
    """What ``/readyz`` reports; ``is_ready`` says which of it keeps traffic away."""
    return _after_the_database((check_broker, check_worker, check_beat))


def _after_the_database(checks: Iterable[Ask]) -> list[Check]:
    """The checks of the database, then ``checks``: without a database or its tables they could not be asked."""
    database = check_database()
    if database.status is Status.FAILED:
        return [database, check_broker()]
    migrations = check_migrations()
    if migrations.status is Status.FAILED:
        return [database, migrations, check_broker()]
    return [database, check_writable(), migrations, *_flat(check() for check in checks)]


def is_ready(found: Iterable[Check]) -> bool:
    """Whether this process can serve. Without broker, worker or beat it can: tasks wait, and requests are answered."""
    return all(check.status is not Status.FAILED for check in found if check.name in NEEDED_TO_SERVE)


def _flat(answers: Iterable[Check | list[Check]]) -> Iterable[Check]:
    for answer in answers:
        yield from answer if isinstance(answer, list) else [answer]


def as_documents(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """The checks as JSON objects."""
    return [check.as_document() for check in checks]
