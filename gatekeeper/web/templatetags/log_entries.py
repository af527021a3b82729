"""Template filters of the logs: labels of stored codes, and one-line texts of what an entry holds."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from gatekeeper.audit import labels, provisioning_texts
from gatekeeper.audit.actor import PROVISIONING_KINDS
from gatekeeper.audit.chain.problems import problem_text
from gatekeeper.audit.events import Event
from gatekeeper.web.framework.changes.object_texts import object_text
from saml.connections.refresh_results import result_text
from saml.debugger.presentation import attempt_reason
from saml.models import SyncRun
from saml.security_events.reasons import event_reason
from saml.sync.errors import sync_error_text
from scim.oauth.presentation import token_request_reason, way_text

register = template.Library()
register.filter(provisioning_texts.change_texts)
register.filter(provisioning_texts.reason_text)
register.filter(provisioning_texts.summary_text)
register.filter(provisioning_texts.warning_text)
register.filter(problem_text)
register.filter(object_text)
register.filter(attempt_reason)
register.filter(result_text)
register.filter(event_reason)
register.filter(sync_error_text)
register.filter(token_request_reason)
register.filter(way_text)


@register.filter
def event_label(code: str) -> str:
    """The label of an audit event; its stored code for one that this version does not know."""
    try:
        return str(Event(code).label)
    except ValueError:
        return code


@register.filter
def actor_label(row: Any) -> str:
    """Who did it, for people: the scheduler, a command and a SCIM key are named as such."""
    name = str(row.actor_name)
    if row.actor_kind == "clock":
        return _("Schedule")
    if row.actor_kind == "command":
        return _("Command %(name)s") % {"name": name}
    if row.actor_kind in PROVISIONING_KINDS:
        return _("SCIM: %(name)s") % {"name": name}
    return name


@register.filter
def actor_kind_label(code: str) -> str:
    """What kind of actor it was."""
    return labels.label_of(code, labels.ACTOR_KINDS)


@register.filter
def object_kind_label(code: str) -> str:
    """What kind of object was changed."""
    return labels.label_of(code, labels.OBJECT_KINDS)


@register.filter
def channel_label(code: str) -> str:
    """Through what the change came; a dash for an entry without one."""
    return labels.label_of(code, labels.CHANNELS) or "—"


@register.filter
def duration(run: SyncRun) -> str:
    """How long a run took."""
    if run.finished_at is None:
        return "—"
    return took(round((run.finished_at - run.started_at).total_seconds() * 1000))


@register.filter
def took(milliseconds: int | None) -> str:
    """A duration in the unit that fits: 12 ms, 1.4 s, 2.5 min; a dash where it is not known."""
    if milliseconds is None:
        return "—"
    if milliseconds < 1000:
        return _("%(number)s ms") % {"number": milliseconds}
    seconds = milliseconds / 1000
    if seconds < 60:
        return _("%(number)s s") % {"number": number_format(round(seconds, 1), decimal_pos=1)}
    return _("%(number)s min") % {"number": number_format(round(seconds / 60, 1), decimal_pos=1)}


@register.simple_tag
def newer_address(name_of_list: str) -> str:
    """Where the page of a log asks what came since."""
    return reverse(f"admin:{name_of_list}_newer")


@register.simple_tag
def export_address(name_of_list: str, form: str) -> str:
    """Where the entries of a log are a file."""
    return reverse(f"admin:{name_of_list}_export", args=(form,))
