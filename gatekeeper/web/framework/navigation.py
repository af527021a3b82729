"""The side navigation: what this person may open, and where they are."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from gatekeeper.directory.deprovisioning_limits.shown_state import shown_state
from gatekeeper.web.framework.permissions import (
    Rule,
    access_of_request,
    may_configure,
    may_read_logs,
    may_read_people,
    may_read_reports,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation; ``below`` is the path that it stands for."""

    label: str
    icon: str
    address: str
    below: str
    rule: Rule


def _entries() -> tuple[Entry, ...]:
    return (
        Entry(_("Users"), "users", "admin:directory_user_changelist", "/users/", may_read_people),
        Entry(_("Who had"), "clock", "web:who_had", "/who-had/", may_read_reports),
        Entry(
            _("Provisioning log"),
            "log",
            "admin:audit_provisioningentry_changelist",
            "/provisioning-log/",
            may_read_logs,
        ),
        Entry(_("Sync history"), "sync", "admin:saml_syncrun_changelist", "/sync-history/", may_read_logs),
        Entry(
            _("Sign-in attempts"),
            "sign-in",
            "admin:saml_signinattempt_changelist",
            "/sign-in-attempts/",
            may_read_logs,
        ),
        Entry(_("Token log"), "key", "admin:scim_tokenrequest_changelist", "/token-log/", may_read_logs),
        Entry(_("Audit trail"), "audit", "admin:audit_auditentry_changelist", "/audit-trail/", may_read_logs),
    )


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the entries with ``current``, and what this person may do; two queries for configurators."""
    access = access_of_request(request)
    if access is None or not request.user.is_authenticated:  # signed out in this very request
        return {"access": None}
    entries = [
        {
            "label": entry.label,
            "icon": entry.icon,
            "address": reverse(entry.address),
            "current": request.path.startswith(entry.below),
        }
        for entry in _entries()
        if entry.rule(access)
    ]
    return {
        "access": access,
        "nav": entries,
        "may_configure": may_configure(access),
        "deprovisioning": shown_state() if may_configure(access) else None,
        "in_teams": "/teams/" in request.path,
        "in_settings": request.path.startswith("/settings/"),
        "in_configuration": request.path.startswith("/settings/configuration/") and "/teams/" not in request.path,
    }
