"""SIEM streams: the list with a form for one more, and the page of each with how far it is."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.audit.stream import streams as services
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.progress import Progress, stream_progress
from gatekeeper.audit.stream.sending import Outcome
from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.site_settings.forms import ReplayForm, StreamChangeForm, StreamFacts, StreamForm

FIELDS = ("name", "url", "ca_certificates")  # that are put back after signing in again: not the header


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def streams(request: HttpRequest) -> HttpResponseBase:
    """The list, and a form for one more; then the new one's page."""
    form = StreamForm(request.POST if request.method == "POST" else None, initial=_carried(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = _create(form.cleaned_data, request)
        except DomainError as refusal:
            _show(form, refusal)
        else:
            messages.success(request, _("%(name)s is added. Send a test.") % {"name": made.name})
            return redirect("web:stream", stream_id=made.pk)
    rows = [{"progress": each, "state": _state(each)} for each in stream_progress()]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "web/site_settings/streams/streams.html", {"form": form, "rows": rows}, status=status)


def _create(values: dict[str, Any], request: HttpRequest) -> Stream:
    wanted = _wanted(values, values["authorization"] or None)
    return services.create_stream(wanted, from_beginning=values["from_beginning"], actor=actor_of(request))


def _wanted(values: dict[str, Any], authorization: str | None) -> services.Wanted:
    return services.Wanted(**{name: values[name] for name in FIELDS}, authorization=authorization)


def _show(form: StreamFacts, refusal: DomainError) -> None:
    """Put a refusal to the field that it is about."""
    if isinstance(refusal, InvalidValue):
        form.add_error(refusal.attribute, refusal.on_page)
    else:
        form.add_error("name" if isinstance(refusal, services.StreamNameTaken) else "url", refusal.on_page)


def _carried(request: HttpRequest) -> dict[str, Any]:
    """What was in the form before its person signed in again; the header has to be typed again."""
    return carried_fields(request, FIELDS)


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def stream(request: HttpRequest, stream_id: UUID) -> HttpResponseBase:
    """One stream, and how far it is; a POST changes where it sends."""
    found = _stream(stream_id)
    has_header = bool(found.sealed_authorization)
    if request.method != "POST":
        carried = _carried(request)
        form = StreamChangeForm(initial=carried, has_header=has_header) if carried else _form_of(found)
        return _page(request, stream_id, form=form)
    form = StreamChangeForm(request.POST, has_header=has_header)
    if form.is_valid():
        try:
            changed = services.change_stream(
                found.pk, _wanted(form.cleaned_data, form.header()), actor=actor_of(request)
            )
        except DomainError as refusal:
            _show(form, refusal)
        else:
            messages.success(request, _saved(changed, had_header=has_header, form=form, now=_stream(stream_id)))
            return redirect("web:stream", stream_id=stream_id)
    return _page(request, stream_id, status=HTTPStatus.UNPROCESSABLE_ENTITY, form=form)


def _saved(changed: bool, *, had_header: bool, form: StreamChangeForm, now: Stream) -> str:
    if not changed:
        return _("Nothing was changed.")
    if had_header and form.header() is None and not now.sealed_authorization:
        return _("Saved, without the header: it was for another host. Give it again where that one wants it.")
    return _("Saved. Send a test.")


@require_POST
@only(may_configure, back="web:stream")
def test(request: HttpRequest, stream_id: UUID) -> HttpResponseBase:
    """Send a test and say what came of it; it takes as long as the receiver does, twenty seconds at most."""
    found = _stream(stream_id)
    try:
        outcome = services.send_test(found.pk, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
        return redirect("web:stream", stream_id=stream_id)
    if outcome.problem:
        reason = services.problem_text(outcome.problem, outcome.parameters)
        messages.error(request, _("The test was not accepted: %(reason)s") % {"reason": reason})
    else:
        messages.success(request, _accepted(found, outcome))
    return redirect("web:stream", stream_id=stream_id)


def _accepted(found: Stream, outcome: Outcome) -> str:
    if outcome.status is not None:
        said = {"status": outcome.status, "latency": outcome.milliseconds}
        return _("The test was answered %(status)s after %(latency)s ms.") % said
    if found.url.startswith("udp://"):
        return _("The test is sent. UDP does not say whether it arrived; look for it at the receiver.")
    return _("The receiver took the test after %(latency)s ms.") % {"latency": outcome.milliseconds}


@require_POST
@only(may_configure, back="web:stream")
def pause(request: HttpRequest, stream_id: UUID) -> HttpResponseBase:
    """Send nothing more."""
    services.pause_stream(_stream(stream_id).pk, actor=actor_of(request))
    messages.success(request, _("Paused. What happens from now on waits until you resume it."))
    return redirect("web:stream", stream_id=stream_id)


@require_POST
@only(may_configure, back="web:stream")
def resume(request: HttpRequest, stream_id: UUID) -> HttpResponseBase:
    """Go on where it was."""
    services.resume_stream(_stream(stream_id).pk, actor=actor_of(request))
    messages.success(request, _("Resumed. What has waited is sent within a minute."))
    return redirect("web:stream", stream_id=stream_id)


@require_POST
@only(may_configure, back="web:stream")
def replay(request: HttpRequest, stream_id: UUID) -> HttpResponseBase:
    """Send again from a position on."""
    found, form = _stream(stream_id), ReplayForm(request.POST)
    if form.is_valid():
        try:
            count = services.replay(found.pk, form.cleaned_data["position"], actor=actor_of(request))
        except InvalidValue as refusal:
            form.add_error("position", refusal.on_page)
        else:
            text = ngettext("%(count)s entry is sent again.", "%(count)s entries are sent again.", count)
            messages.success(request, text % {"count": f"{count:,}"})
            return redirect("web:stream", stream_id=stream_id)
    return _page(request, stream_id, status=HTTPStatus.UNPROCESSABLE_ENTITY, replay_form=form)


@require_http_methods(["GET", "POST"])
@only(may_configure, back="web:stream")
def delete(request: HttpRequest, stream_id: UUID) -> HttpResponseBase:
    """Delete it. A GET is the question as a page, for a browser without scripts."""
    found = _stream(stream_id)
    if request.method != "POST":
        return _page(request, stream_id, deleting=True)
    services.delete_stream(found.pk, actor=actor_of(request))
    messages.success(request, _("%(name)s is deleted, with its header.") % {"name": found.name})
    return redirect("web:streams")


def _stream(stream_id: UUID) -> Stream:
    try:
        return services.stream_of(stream_id)
    except services.StreamNotFound:
        raise Http404 from None


def _page(request: HttpRequest, stream_id: UUID, *, status: HTTPStatus = HTTPStatus.OK, **more: Any) -> HttpResponse:
    """The page, with what ``more`` says: ``form`` or ``replay_form`` that was refused, or ``deleting``."""
    found = next((each for each in stream_progress() if each.stream.pk == stream_id), None)
    if found is None:
        raise Http404
    page = {
        "stream": found.stream,
        "progress": found,
        "state": _state(found),
        "problem": services.problem_text(found.stream.problem, found.stream.parameters),
        "form": _form_of(found.stream),
        "replay_form": ReplayForm(),
        **more,
    }
    return render(request, "web/site_settings/streams/stream.html", page, status=status)


def _form_of(found: Stream) -> StreamChangeForm:
    return StreamChangeForm(
        initial={name: getattr(found, name) for name in FIELDS}, has_header=bool(found.sealed_authorization)
    )


def _state(progress: Progress) -> tuple[str, str]:
    """The class of the badge, and how the stream is doing in words."""
    if progress.stream.paused_at:
        return "badge-warn", _("paused")
    if progress.stream.failures:
        return "badge-danger", _("fails")
    if progress.is_late:
        return "badge-warn", _("late")
    if progress.stream.last_success_at:
        return "badge-ok", _("works")
    return "", _("nothing sent yet")
