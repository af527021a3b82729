"""What the daily digest says, from the numbers that it was made with (gatekeeper/maintenance/digest.py)."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.events.mail.content import Content, Fact, address_of, moment, name

# By the name of the number: what it counts, and the page that says whom. In the order in which they are shown.
LINES: Final[Mapping[str, tuple[Promise, str]]] = {
    "provisioned": (gettext_lazy("People provisioned"), "admin:audit_provisioningentry_changelist"),
    "linked": (gettext_lazy("People who can sign in now"), "admin:saml_syncrun_changelist"),
    "deactivated": (gettext_lazy("People deactivated"), "admin:audit_auditentry_changelist"),
    "deleted": (gettext_lazy("People deleted"), "admin:audit_auditentry_changelist"),
    "privileged": (gettext_lazy("People who became Global Administrator"), "web:deprovisioning_limits"),
    "failed_syncs": (gettext_lazy("Syncs that failed"), "admin:saml_syncrun_changelist"),
    "conflicts": (gettext_lazy("Conflicts that wait"), "admin:saml_syncrun_changelist"),
    "unread_metadata": (gettext_lazy("Connections whose metadata cannot be read"), "web:authentication"),
}
_ENDING_PAGES: Final = {"key": "web:scim", "certificate": "web:authentication"}


def digest(facts: Mapping[str, Any]) -> Content:
    """``counts`` are by the names of ``LINES``; what is ``ending`` has a ``kind``, a ``name`` and ``at``."""
    counts = facts.get("counts", {})
    lines = [
        Fact(str(label), f"{counts[key]:,}", address_of(page))
        for key, (label, page) in LINES.items()
        if counts.get(key)
    ]
    for each in facts.get("ending", []):
        kind = _("Certificate") if each["kind"] == "certificate" else _("Key")
        ends = _("%(name)s ends %(at)s") % {"name": name(each["name"]), "at": moment(each["at"])}
        lines.append(Fact(kind, ends, address_of(_ENDING_PAGES.get(each["kind"], "web:scim"))))
    period = _("From %(since)s to %(until)s.") % {"since": moment(facts["since"]), "until": moment(facts["until"])}
    return Content(
        heading=_("What happened"),
        tone="info",
        text=(period, _("There is no digest of a day on which nothing happened.")),
        facts=tuple(lines),
        page=(address_of("web:home"), _("Open Gatekeeper")),
    )
