"""Changing a SAML connection: its settings, its pin, and its metadata after a look at what would change."""

from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from gatekeeper.directory.identity_linking.home_realm_discovery import domains_of
from gatekeeper.errors import DomainError, NeedsConfirmation
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.web.framework.change_confirmation import NotConfirmed, require_confirmation
from gatekeeper.web.framework.changes.ask_first import ask_first
from gatekeeper.web.framework.metadata.differences import carried_document, difference_page
from gatekeeper.web.framework.metadata.forms import DocumentForm, about_metadata
from gatekeeper.web.framework.permissions import actor_of, may_configure, only
from gatekeeper.web.saml_settings.authentication import form_ids, page_of_connections, show_refusal
from gatekeeper.web.saml_settings.connection_card import back_to
from gatekeeper.web.saml_settings.forms import SettingsForm
from gatekeeper.web.saml_settings.lost_links import (
    links_ended_since,
    question_about_ended,
    question_about_switching_on,
)
from saml.connections.lifecycle import refresh_connection
from saml.connections.settings import edit_connection, settings_of
from saml.connections.switching_on import switch_on
from saml.errors import MetadataRefused
from saml.metadata.acceptance import live_connection, read_pinned
from saml.metadata.changes import MetadataChange, compare_metadata
from saml.models import Connection

KEPT = gettext_lazy("What was known before stays in force.")


@require_POST
@only(may_configure, back="web:authentication")
def settings(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Name, domains, address of the metadata, pin, and what can be switched on and off."""
    form = SettingsForm(request.POST, auto_id=form_ids(connection_id))
    before = domains_of(connection_id)
    if form.is_valid():
        try:
            connection = _save(request, connection_id, form)
        except NotConfirmed as asked:
            asking = {"settings_question": asked.question.text, "confirmation": asked.question.confirmation}
            return page_of_connections(
                request, HTTPStatus.UNPROCESSABLE_ENTITY, opened=connection_id, settings_form=form, **asking
            )
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The settings of %(connection)s are saved.") % {"connection": connection.name})
            if domains_of(connection_id) != before:
                messages.info(
                    request, _("Whom a connection may not name any more is out; others follow at the next sync.")
                )
            _doubt_pin(request, connection)
            return back_to(connection_id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return page_of_connections(request, status, opened=connection_id, settings_form=form)


@one_transaction()
def _save(request: HttpRequest, connection_id: UUID, form: SettingsForm) -> Connection:
    """Save what the form says, unless it takes links away and nobody has said yes to that: then nothing is saved.

    Whose link would go is what saving does to it, so it is done and undone. Raises: NotConfirmed; what
    ``edit_connection`` raises.
    """
    start = timezone.now()
    wanted = form.settings(settings_of(live_connection(connection_id)))
    connection = edit_connection(connection_id, wanted, actor=actor_of(request))
    ended = links_ended_since(start).values_list("user", "provider")
    require_confirmation(request, question_about_ended(connection, list(ended)))
    return connection


@require_POST
@only(may_configure, back="web:authentication")
def switch_on_connection(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Let people sign in through a connection that was only tried out."""
    try:
        require_confirmation(request, question_about_switching_on(live_connection(connection_id)))
        connection = switch_on(connection_id, actor=actor_of(request))
    except NotConfirmed as asked:
        button, back = _("Switch sign-in on"), reverse("web:authentication")
        return ask_first(request, asked.question, heading=button, button=button, back=back)
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        done = _("%(connection)s is switched on. People can sign in after the next sync.")
        messages.success(request, done % {"connection": connection.name})
    return back_to(connection_id)


@require_POST
@only(may_configure, back="web:authentication")
def pin(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Pin the metadata to the certificate whose fingerprint the page showed."""
    try:
        now = settings_of(live_connection(connection_id))
        wanted = replace(now, pin=request.POST.get("pin", ""))
        connection = edit_connection(connection_id, wanted, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    else:
        messages.success(
            request,
            _("Only metadata with that signature is taken for %(connection)s from now on.")
            % {"connection": connection.name},
        )
        _doubt_pin(request, connection)
    return back_to(connection_id)


def _doubt_pin(request: HttpRequest, connection: Connection) -> None:
    """A pin that the document in force does not fit is allowed, as before a change over there, but hardly meant."""
    if not connection.metadata_pin:
        return
    try:
        read_pinned(connection, bytes(connection.document))
    except MetadataRefused as refusal:
        messages.warning(
            request,
            _("The document that is in force does not fit the pin: %(reason)s %(KEPT)s")
            % {"reason": refusal.reason, "KEPT": KEPT},
        )


@require_POST
@only(may_configure, back="web:authentication")
def refresh(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Read the metadata again: from its address, from a file, or from text. A change is shown before it is made."""
    form = DocumentForm(request.POST, request.FILES)
    if not form.is_valid():
        messages.error(request, f"{form.error_text()} {KEPT}")
        return back_to(connection_id)
    document = form.metadata_xml()
    try:
        change = compare_metadata(connection_id, document)
        if change.changed or change.refused:
            return _show(request, change, by_hand=document is not None)
        return _take(request, change, change.fingerprint)
    except MetadataRefused as refusal:
        messages.error(request, f"{about_metadata(refusal)} {KEPT}")
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    return back_to(connection_id)


@require_POST
@only(may_configure, back="web:authentication")
def confirm(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Take the change that was shown; one that is another by now is shown anew."""
    by_hand = "document" in request.POST
    try:
        document = carried_document(request.POST["document"]) if by_hand else None
        change = compare_metadata(connection_id, document)
        if change.refused or change.fingerprint != request.POST.get("fingerprint", ""):
            return _show(request, change, by_hand=by_hand, changed_meanwhile=True)
        return _take(request, change, change.fingerprint)
    except NeedsConfirmation:  # it changed between the comparison and the write
        return _show(request, compare_metadata(connection_id, change.document), by_hand=by_hand, changed_meanwhile=True)
    except MetadataRefused as refusal:
        messages.error(request, f"{about_metadata(refusal)} {KEPT}")
    except DomainError as refusal:
        messages.error(request, refusal.on_page)
    return back_to(connection_id)


def _take(request: HttpRequest, change: MetadataChange, confirmed: str) -> HttpResponse:
    connection, result = refresh_connection(
        change.connection_id, actor=actor_of(request), document=change.document, confirmed=confirmed
    )
    messages.success(
        request,
        _("The metadata of %(connection)s was read again: %(result)s.")
        % {"connection": connection.name, "result": result},
    )
    if request.POST.get("sign_requests") == "on":
        edit_connection(connection.id, replace(settings_of(connection), sign_requests=True), actor=actor_of(request))
        messages.success(request, _("What we send is signed from now on."))
    return back_to(connection.id)


def _show(
    request: HttpRequest, change: MetadataChange, *, by_hand: bool, changed_meanwhile: bool = False
) -> HttpResponse:
    page = difference_page(change, by_hand=by_hand, changed_meanwhile=changed_meanwhile)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if change.refused else HTTPStatus.OK
    return render(request, "web/saml_settings/connection_change.html", page, status=status)
