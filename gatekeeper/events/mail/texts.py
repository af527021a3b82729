"""What a message about a cause says: when it begins, and when it is over. In the language that is active."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from gatekeeper.audit.chain.problems import problem_text
from gatekeeper.events.codes import EVENT_LABELS, EventCode
from gatekeeper.events.mail.causes import MOMENTARY
from gatekeeper.events.mail.content import Content, Fact, address_of, moment, name
from gatekeeper.events.models import MailCause

Data = Mapping[str, Any]


def opening(cause: MailCause) -> Content:
    """That it has begun."""
    return _OPENINGS[EventCode(cause.event.code)](cause.event.data, Fact(_("When"), moment(cause.event.occurred_at)))


def over(cause: MailCause) -> Content:
    """That it is over: how long it lasted, and how often it happened."""
    began = opening(cause)
    lasted = (cause.ended_at or cause.last_at) - cause.event.occurred_at
    facts = [Fact(_("First"), moment(cause.event.occurred_at)), Fact(_("Last"), moment(cause.last_at))]
    if cause.event.code in MOMENTARY:
        said = _("It has happened again since the last message, and not within the last hour.")
    else:
        said = _("This is over. It lasted %(time)s.") % {"time": span(lasted)}
        facts.append(Fact(_("Over since"), moment(cause.ended_at)))
    facts.append(Fact(_("How often"), times(cause.times)))
    heading = pgettext("heading of a message", "Over: %(what)s") % {"what": began.heading}
    return Content(heading=heading, tone="ok", text=(said,), facts=tuple(facts), page=began.page)


def times(number: int) -> str:
    """How often, in words."""
    return ngettext("once", "%(number)s times", number) % {"number": number}


def span(lasted: timedelta) -> str:
    """A length of time in its two largest units."""
    minutes = max(int(lasted.total_seconds() // 60), 0)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        (days, ngettext("%(number)s day", "%(number)s days", days) % {"number": days}),
        (hours, ngettext("%(number)s hour", "%(number)s hours", hours) % {"number": hours}),
        (minutes, ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}),
    ]
    return " ".join([text for number, text in parts if number][:2]) or _("less than a minute")


def _named(data: Data, key: str, attribute: str = "name") -> str:
    found = data.get(key)
    return name(found.get(attribute) or "–") if isinstance(found, dict) else "–"


def _id(data: Data, key: str) -> str:
    found = data.get(key)
    return str(found.get("id", "")) if isinstance(found, dict) else ""


def _sync_failed(data: Data, when: Fact) -> Content:
    page = (address_of("admin:saml_syncrun_changelist"), _("Open the sync history"))
    if data.get("scope") != "connection":
        said = _(
            "Nobody is linked while it fails: who was provisioned since cannot sign in yet. It is tried every hour."
        )
        facts = (when, Fact(_("Kind of error"), name(data.get("code", ""))))
        return Content(heading=_("The SAML user sync has failed"), tone="danger", text=(said,), facts=facts, page=page)
    connection = _named(data, "connection")
    reason = data.get("reason") or _("the log has it under %(reference)s.") % {"reference": data.get("reference", "–")}
    heading = _("The metadata of %(connection)s cannot be read") % {"connection": connection}
    said = _("The last good metadata stays in use, so sign-in goes on. A new certificate would not be seen.")
    return Content(heading=heading, tone="warn", text=(said,), facts=(when, Fact(_("Reason"), name(reason))), page=page)


def _provisioning_silent(data: Data, when: Fact) -> Content:
    said = _("No provisioning request has come for unusually long. Joiners and leavers do not arrive while that lasts.")
    todo = _("See at the identity provider whether provisioning is running, and whether its key still works.")
    last = Fact(_("Last request"), moment(data.get("last_request_at")))
    page = (address_of("admin:audit_provisioningentry_changelist"), _("Open the provisioning log"))
    heading = str(EVENT_LABELS[EventCode.PROVISIONING_SILENT])
    return Content(heading=heading, tone="danger", text=(said, todo), facts=(last, when), page=page)


def _key_expiring(data: Data, _when: Fact) -> Content:
    key = f"{_named(data, 'key')} ({_named(data, 'key', 'hint')}…)"
    is_over = data.get("step") == 0
    heading = _("The key of %(key)s has expired") if is_over else _("The key of %(key)s expires soon")
    said = _("Provisioning stops when it expires. Make a new one, give it to the identity provider, revoke this one.")
    return Content(
        heading=heading % {"key": _named(data, "key")},
        tone="danger" if is_over else "warn",
        text=(said,),
        facts=(Fact(_("Key"), key), Fact(_("Expires"), moment(data.get("expires_at")))),
        page=(address_of("web:scim"), _("Open the credentials")),
    )


def _certificate_expiring(data: Data, _when: Fact) -> Content:
    is_over, connection = data.get("step") == 0, {"connection": _named(data, "connection")}
    heading = (
        _("A certificate of %(connection)s has expired") if is_over else _("A certificate of %(connection)s expires")
    )
    said = _("Nobody can sign in once its last certificate has expired. Renew it at the identity provider.")
    facts = (Fact(_("Certificate"), name(data.get("subject", ""))), Fact(_("Expires"), moment(data.get("not_after"))))
    return Content(
        heading=heading % connection,
        tone="danger" if is_over else "warn",
        text=(said, _("It is seen here with the next sync where metadata is read from an address.")),
        facts=facts,
        page=(address_of("web:authentication"), _("Open the connections")),
    )


def _deprovisioning(data: Data, when: Fact) -> Content:
    held = bool(data.get("held"))
    heading = (
        _("Unusually many people would lose access, and are held") if held else _("Unusually many people lose access")
    )
    if held:
        said = _("What the identity provider asks for waits until an administrator approves it.")
    else:
        said = _("See whether that is meant; if not, stop provisioning at the identity provider.")
    counted = _("%(lost)s of %(active)s within %(minutes)s minutes") % {
        "lost": data.get("lost", "–"),
        "active": data.get("active_before", "–"),
        "minutes": data.get("minutes", "–"),
    }
    page = (address_of("web:deprovisioning_limits"), _("See who, and decide"))
    return Content(heading=heading, tone="danger", text=(said,), facts=(Fact(_("People"), counted), when), page=page)


def _privilege_gained(data: Data, when: Fact) -> Content:
    more = data.get("more_people")
    who = _named(data, "user", "display_name") if not more else _("%(count)s more people") % {"count": more}
    held = bool(data.get("held"))
    heading = (
        _("%(who)s would become Global Administrator, and is held") if held else _("%(who)s is Global Administrator")
    )
    said = _("Somebody of that level may change everything here. See whether that is meant.")
    if held:
        said = _("The change waits until an administrator approves it.")
    actor = data.get("actor", {})
    by = Fact(_("By"), name(actor.get("name") or _("a person")))
    user = _id(data, "user")
    page = (address_of("web:person", user) if user else address_of("web:deprovisioning_limits"), _("See why"))
    return Content(heading=heading % {"who": who}, tone="warn", text=(said,), facts=(by, when), page=page)


def _break_glass(data: Data, when: Fact) -> Content:
    said = _("Local accounts are for when the identity provider is down. If nobody of you did this, end the session.")
    facts = (
        Fact(_("Account"), name(data.get("account", "–"))),
        Fact(_("Address"), name(data.get("address", "–"))),
        Fact(_("By"), name(data.get("proof", "–"))),
        when,
    )
    page = (address_of("web:person", _id(data, "user")), _("Open the account"))
    return Content(
        heading=str(EVENT_LABELS[EventCode.BREAK_GLASS_USED]), tone="warn", text=(said,), facts=facts, page=page
    )


def _webhook_paused(data: Data, when: Fact) -> Content:
    said = _("What happens meanwhile waits for it, for as long as deliveries are kept. Mend the receiver, and resume.")
    facts = (Fact(_("Address"), _named(data, "webhook", "address")), when)
    page = (address_of("web:webhook", _id(data, "webhook")), _("Open the webhook"))
    return Content(
        heading=str(EVENT_LABELS[EventCode.WEBHOOK_PAUSED]), tone="warn", text=(said,), facts=facts, page=page
    )


def _audit_trail_damaged(data: Data, when: Fact) -> Content:
    said = _(
        "What it holds is not what was written: somebody wrote to the database past this site, or lost a part of it."
    )
    todo = _("Find out who can write to the database, and keep what is there as it is until you know.")
    found = Fact(_("Found"), problem_text(data.get("problem", "")))
    more = data.get("problems", 1) - 1
    facts = (found, *((Fact(_("Besides"), _more(more)),) if more else ()), when)
    page = (address_of("admin:audit_auditentry_changelist"), _("Open the audit trail"))
    heading = str(EVENT_LABELS[EventCode.AUDIT_TRAIL_DAMAGED])
    return Content(heading=heading, tone="danger", text=(said, todo), facts=facts, page=page)


def _more(number: int) -> str:
    return ngettext("%(number)s problem more", "%(number)s problems more", number) % {"number": number}


_OPENINGS: Final[Mapping[EventCode, Callable[[Data, Fact], Content]]] = {
    EventCode.SYNC_FAILED: _sync_failed,
    EventCode.PROVISIONING_SILENT: _provisioning_silent,
    EventCode.KEY_EXPIRING: _key_expiring,
    EventCode.CERTIFICATE_EXPIRING: _certificate_expiring,
    EventCode.DEPROVISIONING_ALERT: _deprovisioning,
    EventCode.PRIVILEGE_GAINED: _privilege_gained,
    EventCode.BREAK_GLASS_USED: _break_glass,
    EventCode.WEBHOOK_PAUSED: _webhook_paused,
    EventCode.AUDIT_TRAIL_DAMAGED: _audit_trail_damaged,
}
