"""Authentication: commands of the identity provider at a connection; who may send them, and what came of each."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.saml_settings.authentication import page_of_connections
from gatekeeper.web.saml_settings.connection_card import back_to
from gatekeeper.web.saml_settings.security_events_card import (
    EVENTS_FORM,
    REVOCATION_FORM,
    EventStreamForm,
    RevocationForm,
)
from saml.models import SourceKind
from saml.security_events.sources import make_secret, remove_secret, set_source


@require_POST
@only(may_configure, back="web:authentication")
def revocation(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Whose Universal Logout is believed."""
    form = RevocationForm(request.POST, auto_id=f"revocation-{connection_id}-%s")
    return _save(request, connection_id, SourceKind.REVOCATION, form, REVOCATION_FORM)


@require_POST
@only(may_configure, back="web:authentication")
def event_stream(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Whose pushed security events are believed."""
    form = EventStreamForm(request.POST, auto_id=f"events-{connection_id}-%s")
    return _save(request, connection_id, SourceKind.EVENTS, form, EVENTS_FORM)


@require_POST
@only(may_configure, back="web:authentication")
def event_secret(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Make the value of the Authorization header, shown in the answer to this one request; or want none any more."""
    try:
        if request.POST.get("remove") == "yes":
            remove_secret(connection_id, actor=actor_of(request))
            messages.success(request, _("Security events are believed by their signature alone from now on."))
            return back_to(connection_id)
        secret = make_secret(connection_id, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
        return back_to(connection_id)
    return page_of_connections(request, opened=connection_id, new_event_secret=secret)


def _save(request: HttpRequest, connection_id: UUID, kind: SourceKind, form: RevocationForm, name: str) -> HttpResponse:
    if form.is_valid():
        try:
            set_source(connection_id, kind, **form.cleaned_data, actor=actor_of(request))
        except DomainError as refusal:
            _show(form, refusal)
        else:
            believed = form.cleaned_data["issuer"]
            text = (
                _("%(kind)s is believed from now on.") if believed else _("%(kind)s is believed from nobody any more.")
            )
            messages.success(request, text % {"kind": kind.label})
            return back_to(connection_id)
    return page_of_connections(request, HTTPStatus.UNPROCESSABLE_ENTITY, opened=connection_id, **{name: form})


def _show(form: forms.Form, refusal: DomainError) -> None:
    field = refusal.attribute if isinstance(refusal, InvalidValue) and refusal.attribute in form.fields else None
    form.add_error(field, refusal.on_page)
