"""Webhooks: the list with a form for one more, and the page of each with its delivery log."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.events.codes import EVENT_LABELS, WEBHOOK_EVENTS, EventCode
from gatekeeper.events.models import Webhook, WebhookDelivery, WebhookDeliveryState
from gatekeeper.events.webhooks import receivers
from gatekeeper.events.webhooks.results import problem_text
from gatekeeper.outbound.problems import FetchProblem
from gatekeeper.web.framework.carried_form import take_carried_form
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.site_settings.forms import WebhookForm
from gatekeeper.web.site_settings.log_pages import log_page

BADGES = {
    WebhookDeliveryState.DELIVERED: "badge-ok",
    WebhookDeliveryState.WAITING: "badge-info",
    WebhookDeliveryState.FAILED: "badge-danger",
}


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=("url", "events"))
def webhooks(request: HttpRequest) -> HttpResponseBase:
    """The list, and a form for one more; then the new one's page with its secret, in the answer to this one request."""
    form = WebhookForm(request.POST if request.method == "POST" else None, initial=_carried(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made, secret = receivers.create_webhook(values["url"], values["events"], actor=actor_of(request))
        except InvalidValue as refusal:
            form.add_error(refusal.attribute, refusal.on_page)
        except DomainError as refusal:
            form.add_error("url", refusal.on_page)
        else:
            return _page(request, made, new_secret=secret)
    page = {
        "form": form,
        "rows": [{"webhook": each, "state": _state(each)} for each in Webhook.objects.all()],
        "choices": [(code.value, EVENT_LABELS[code]) for code in WEBHOOK_EVENTS],
        "chosen": form["events"].value() or [],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "web/site_settings/webhooks.html", page, status=status)


def _carried(request: HttpRequest) -> dict[str, Any]:
    """What was in the form before its person signed in again."""
    carried = take_carried_form(request) if request.method == "GET" else None
    return {} if carried is None else {"url": carried.get("url", ""), "events": carried.getlist("events")}


@require_safe
@only(may_configure)
def webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """One webhook with a page of its delivery log."""
    return _page(request, _webhook(webhook_id))


@require_POST
@only(may_configure, back="web:webhook")
def test(request: HttpRequest, webhook_id: UUID) -> HttpResponseBase:
    """Send a test and say what was answered; it takes as long as the receiver does, ten seconds at most."""
    try:
        sent = receivers.send_test(_webhook(webhook_id).pk, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
        return redirect("web:webhook", webhook_id=webhook_id)
    if sent.problem:
        reason = problem_text(sent.problem, sent.parameters)
        messages.error(request, _("The test was not accepted: %(reason)s") % {"reason": reason})
    else:
        said = {"status": sent.status, "latency": sent.milliseconds}
        messages.success(request, _("The test was answered %(status)s after %(latency)s ms.") % said)
    return redirect("web:webhook", webhook_id=webhook_id)


@require_POST
@only(may_configure, back="web:webhook")
def pause(request: HttpRequest, webhook_id: UUID) -> HttpResponseBase:
    """Send nothing more."""
    receivers.pause_webhook(_webhook(webhook_id).pk, actor=actor_of(request))
    messages.success(
        request, _("Paused. What happens from now on waits until you resume it, for as long as deliveries are kept.")
    )
    return redirect("web:webhook", webhook_id=webhook_id)


@require_POST
@only(may_configure, back="web:webhook")
def resume(request: HttpRequest, webhook_id: UUID) -> HttpResponseBase:
    """Send again."""
    receivers.resume_webhook(_webhook(webhook_id).pk, actor=actor_of(request))
    messages.success(request, _("Resumed. What has waited is sent now."))
    return redirect("web:webhook", webhook_id=webhook_id)


@require_POST
@only(may_configure, back="web:webhook")
def send_again(request: HttpRequest, webhook_id: UUID) -> HttpResponseBase:
    """Send one delivery again, or all that have failed."""
    chosen = request.POST.get("delivery", "")
    if chosen and not chosen.isdecimal():
        raise Http404
    delivery_id = int(chosen) if chosen else None
    count = receivers.replay(_webhook(webhook_id).pk, actor=actor_of(request), delivery_id=delivery_id)
    text = ngettext(
        "%(count)s delivery is sent again, with the same id.",
        "%(count)s deliveries are sent again, with the same ids.",
        count,
    )
    messages.success(request, text % {"count": f"{count:,}"})
    return redirect("web:webhook", webhook_id=webhook_id)


@require_http_methods(["GET", "POST"])
@only(may_configure, back="web:webhook")
def delete(request: HttpRequest, webhook_id: UUID) -> HttpResponseBase:
    """Delete it. A GET is the question as a page, for a browser without scripts."""
    found = _webhook(webhook_id)
    if request.method != "POST":
        return _page(request, found, deleting=True)
    receivers.delete_webhook(found.pk, actor=actor_of(request))
    messages.success(request, _("%(address)s is deleted, with its secret and its log.") % {"address": found.url})
    return redirect("web:webhooks")


def _webhook(webhook_id: UUID) -> Webhook:
    try:
        return receivers.webhook_of(webhook_id)
    except receivers.WebhookNotFound:
        raise Http404 from None


def _page(request: HttpRequest, found: Webhook, **more: Any) -> HttpResponse:
    """The page, with what ``more`` says: ``new_secret``, or ``deleting``."""
    only_failed = request.GET.get("state") == WebhookDeliveryState.FAILED
    rows, older = _log_page(found, request.GET, only_failed=only_failed)
    page = {
        "webhook": found,
        "state": _state(found),
        "events": [(code, _event_label(code)) for code in found.events],
        "rows": [_row(each) for each in rows],
        "older": older,
        "is_first": "before" not in request.GET,
        "only_failed": only_failed,
        **more,
    }
    return render(request, "web/site_settings/webhook.html", page)


def _log_page(found: Webhook, asked: QueryDict, *, only_failed: bool) -> tuple[Sequence[WebhookDelivery], int | None]:
    """The newest deliveries, or those before one; and before which the next page begins."""
    log = found.deliveries.select_related("event")
    return log_page(log.filter(state=WebhookDeliveryState.FAILED) if only_failed else log, asked)


def _row(delivery: WebhookDelivery) -> dict[str, Any]:
    state = WebhookDeliveryState(delivery.state)
    is_said = delivery.problem == FetchProblem.STATUS  # by the status itself
    return {
        "delivery": delivery,
        "event": _event_label(delivery.code),
        "badge": BADGES[state],
        "problem": "" if is_said else problem_text(delivery.problem, delivery.parameters),
        "may_repeat": delivery.event_id is not None and state is not WebhookDeliveryState.WAITING,
        "is_waiting": state is WebhookDeliveryState.WAITING,
    }


def _event_label(code: str) -> str | Promise:
    """In words. A code that this version does not know stays as it is."""
    return EVENT_LABELS[EventCode(code)] if code in set(EventCode) else _("A test")


def _state(webhook: Webhook) -> tuple[str, str]:
    """The class of the badge, and how the webhook is doing in words."""
    if webhook.paused_at:
        return "badge-warn", _("paused")
    if webhook.failures:
        return "badge-danger", _("fails")
    if webhook.last_success_at:
        return "badge-ok", _("works")
    return "", _("nothing sent yet")
