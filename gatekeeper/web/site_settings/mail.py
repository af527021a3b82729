"""E-mail: how it is set up, the recipients with a form for one more, and the page of each with its delivery log."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.events.codes import EVENT_LABELS, EventCode
from gatekeeper.events.mail import recipients
from gatekeeper.events.mail.causes import OPENING
from gatekeeper.events.mail.problems import problem_text
from gatekeeper.events.mail.queueing import is_configured
from gatekeeper.events.mail.trial import send_test
from gatekeeper.events.models import MailMessage, MailRecipient, MailState
from gatekeeper.web.framework.carried_form import take_carried_form
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.site_settings.forms import MailRecipientForm
from gatekeeper.web.site_settings.log_pages import log_page

FIELDS = ("address", "language", "events", "daily_digest")
BADGES = {
    MailState.SENT: "badge-ok",
    MailState.WAITING: "badge-info",
    MailState.FAILED: "badge-danger",
    MailState.IN_SUMMARY: "",
}


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def mail(request: HttpRequest) -> HttpResponseBase:
    """How it is set up, who is written to, and a form for one more."""
    form = MailRecipientForm(request.POST if request.method == "POST" else None, initial=_carried(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = recipients.add_recipient(form.cleaned_data["address"], form.wish(), actor=actor_of(request))
        except InvalidValue as refusal:
            form.add_error(refusal.attribute, refusal.on_page)
        except DomainError as refusal:
            form.add_error("address", refusal.on_page)
        else:
            messages.success(
                request, _("%(address)s is added. Send a test to see whether it arrives.") % {"address": made.address}
            )
            return redirect("web:mail_recipient", recipient_id=made.pk)
    page = {
        "rows": [{"recipient": each, "state": _state(each)} for each in MailRecipient.objects.all()],
        "is_configured": is_configured(),
        "facts": _set_up(),
        **_form_parts(form),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "web/site_settings/mail.html", page, status=status)


def _set_up() -> list[tuple[str, str]]:
    """What the environment says, without the password."""
    encryption = {(True, False): "STARTTLS", (False, True): "TLS"}.get(
        (settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL), _("none")
    )
    return [
        (_("Mail server"), f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"),
        (_("Encryption"), encryption),
        (_("Signs in as"), settings.EMAIL_HOST_USER or _("nobody")),
        (_("Sender"), settings.DEFAULT_FROM_EMAIL),
    ]


def _carried(request: HttpRequest) -> dict[str, Any]:
    """What was in the form before its person signed in again."""
    carried = take_carried_form(request) if request.method == "GET" else None
    if carried is None:
        return {"language": settings.LANGUAGE_CODE, "events": [code.value for code in OPENING]}
    return _kept(carried)


def _kept(carried: QueryDict) -> dict[str, Any]:
    return {
        "address": carried.get("address", ""),
        "language": carried.get("language", ""),
        "events": carried.getlist("events"),
        "daily_digest": bool(carried.get("daily_digest")),
    }


def _form_parts(form: MailRecipientForm) -> dict[str, Any]:
    return {
        "form": form,
        "choices": [(code.value, EVENT_LABELS[code]) for code in OPENING],
        "chosen": form["events"].value() or [],
    }


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def recipient(request: HttpRequest, recipient_id: UUID) -> HttpResponseBase:
    """One recipient with what it is sent, which a POST changes, and a page of its delivery log."""
    found = _recipient(recipient_id)
    if request.method != "POST":
        carried = take_carried_form(request)
        return _page(request, found, _form_of(found) if carried is None else MailRecipientForm(initial=_kept(carried)))
    form = MailRecipientForm({**_kept(request.POST), "address": found.address})
    if form.is_valid():
        try:
            recipients.change_recipient(found.pk, form.wish(), actor=actor_of(request))
        except InvalidValue as refusal:
            form.add_error(refusal.attribute, refusal.on_page)
        else:
            messages.success(request, _("Saved."))
            return redirect("web:mail_recipient", recipient_id=recipient_id)
    return _page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _form_of(found: MailRecipient) -> MailRecipientForm:
    return MailRecipientForm(initial={name: getattr(found, name) for name in FIELDS})


@require_POST
@only(may_configure, back="web:mail_recipient")
def test(request: HttpRequest, recipient_id: UUID) -> HttpResponseBase:
    """Send a test and say what the server answered; it takes as long as the server does, twenty seconds at most."""
    sent = send_test(_recipient(recipient_id).pk, actor=actor_of(request))
    if sent.problem:
        reason = problem_text(sent.problem, sent.parameters)
        messages.error(request, _("The test was not sent: %(reason)s") % {"reason": reason})
    else:
        messages.success(request, _("The mail server has taken the test. See whether it has arrived."))
    return redirect("web:mail_recipient", recipient_id=recipient_id)


@require_POST
@only(may_configure, back="web:mail_recipient")
def resume(request: HttpRequest, recipient_id: UUID) -> HttpResponseBase:
    """Send again."""
    recipients.resume_recipient(_recipient(recipient_id).pk, actor=actor_of(request))
    messages.success(request, _("Resumed. What has waited is sent now."))
    return redirect("web:mail_recipient", recipient_id=recipient_id)


@require_http_methods(["GET", "POST"])
@only(may_configure, back="web:mail_recipient")
def remove(request: HttpRequest, recipient_id: UUID) -> HttpResponseBase:
    """Remove it. A GET is the question as a page, for a browser without scripts."""
    found = _recipient(recipient_id)
    if request.method != "POST":
        return _page(request, found, _form_of(found), removing=True)
    recipients.remove_recipient(found.pk, actor=actor_of(request))
    messages.success(request, _("%(address)s is removed, with its log.") % {"address": found.address})
    return redirect("web:mail")


def _recipient(recipient_id: UUID) -> MailRecipient:
    try:
        return recipients.recipient_of(recipient_id)
    except recipients.RecipientNotFound:
        raise Http404 from None


def _page(
    request: HttpRequest,
    found: MailRecipient,
    form: MailRecipientForm,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    removing: bool = False,
) -> HttpResponse:
    rows, older = log_page(found.messages.select_related("cause__event"), request.GET)
    page = {
        "recipient": found,
        "state": _state(found),
        "is_configured": is_configured(),
        "rows": [_row(each) for each in rows],
        "older": older,
        "is_first": "before" not in request.GET,
        "removing": removing,
        **_form_parts(form),
    }
    return render(request, "web/site_settings/mail_recipient.html", page, status=status)


def _row(message: MailMessage) -> Mapping[str, Any]:
    code = message.cause.event.code if message.cause else ""
    return {
        "message": message,
        "about": EVENT_LABELS[EventCode(code)] if code in set(EventCode) else code,
        "badge": BADGES[MailState(message.state)],
        "problem": problem_text(message.problem, message.parameters),
        "is_waiting": message.state == MailState.WAITING and message.attempts > 0,
    }


def _state(found: MailRecipient) -> tuple[str, str]:
    """The class of the badge, and how it is doing in words."""
    if found.paused_at:
        return "badge-warn", _("paused")
    if found.refusals:
        return "badge-danger", _("refused")
    if found.last_success_at:
        return "badge-ok", _("works")
    return "", _("nothing sent yet")
