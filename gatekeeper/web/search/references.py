"""What a log knows under a reference number that a person was given, or under the id of a request."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.web.framework import places
from gatekeeper.web.framework.changes.object_texts import object_text
from gatekeeper.web.framework.places import Place
from gatekeeper.web.search.options import Fit, Option, Section, is_reference
from gatekeeper.web.templatetags.gatekeeper import badge_text, plain_moment
from gatekeeper.web.templatetags.log_entries import event_label
from saml.debugger.presentation import attempt_reason
from saml.models import SignInAttempt

MOST = 3  # entries of each log; one request can have many


def references_section(search: str) -> Section | None:
    """The newest entries with this number; None when no log knows it. Three queries, none for another text."""
    if not is_reference(search):
        return None
    options = [*_attempts(search), *_requests(search), *_audit_entries(search)]
    return Section(title=_("Reference numbers"), options=options) if options else None


def _attempts(search: str) -> Iterator[Option]:
    found = SignInAttempt.objects.filter(request_id=search).order_by("-pk").defer("sealed_message", "statement")
    for attempt in found[:MOST]:
        said = _("Sign-in accepted") if attempt.accepted else attempt_reason(attempt) or _("Sign-in refused")
        yield _option(said, attempt, "admin:saml_signinattempt_change", places.SIGN_INS)


def _requests(search: str) -> Iterator[Option]:
    found = ProvisioningEntry.objects.filter(request_id=search).order_by("-pk")
    for entry in found.only("id", "at", "method", "path", "status", "outcome")[:MOST]:
        name = f"{entry.method} {entry.path} · {entry.status} · {badge_text(entry.outcome)}"
        yield _option(name, entry, "admin:audit_provisioningentry_change", places.PROVISIONING_LOG)


def _audit_entries(search: str) -> Iterator[Option]:
    found = AuditEntry.objects.filter(request_id=search).exclude(request_id="").order_by("-pk")
    for entry in found[:MOST]:
        about = object_text(entry)
        name = f"{event_label(entry.event)} · {about}" if about else event_label(entry.event)
        yield _option(name, entry, "admin:audit_auditentry_change", places.AUDIT_TRAIL)


def _option(name: str, entry: SignInAttempt | ProvisioningEntry | AuditEntry, page: str, log: Place) -> Option:
    about = f"{log} · {plain_moment(entry.at)}"
    return Option(name=name, address=reverse(page, args=[entry.pk]), icon=log.icon, fit=Fit.EXACT, about=about)
