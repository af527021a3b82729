"""Settings > Configuration > Authentication: the SAML connections."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.models import SignInIdentity
from gatekeeper.errors import DomainError, DomainTaken
from gatekeeper.web.framework.carried_form import take_carried_form
from gatekeeper.web.framework.change_confirmation import NO_QUESTION, NotConfirmed, Question, require_confirmation
from gatekeeper.web.framework.metadata import forms as metadata_forms
from gatekeeper.web.framework.metadata.differences import certificate_facts
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, only
from gatekeeper.web.framework.saml_addresses import address_fields
from gatekeeper.web.saml_settings.claims import attribute_facts
from gatekeeper.web.saml_settings.connection_card import back_to
from gatekeeper.web.saml_settings.forms import ConnectionForm, SettingsForm
from gatekeeper.web.saml_settings.lost_links import names_of_linked, question_about_domains
from gatekeeper.web.saml_settings.security_events_card import event_facts
from gatekeeper.web.saml_settings.signing_keys import key_facts
from saml.addresses import addresses_of
from saml.certificate_state import certificate_state, longest_valid
from saml.connections.certificate_health import connection_warnings
from saml.connections.lifecycle import create_connection, delete_connection
from saml.connections.settings import settings_of
from saml.connections.switching_on import Proof, last_proofs, tested_at
from saml.metadata.acceptance import facts_in_force
from saml.models import Connection


@require_safe
@only(may_configure)
def authentication(request: HttpRequest) -> HttpResponse:
    """Every connection with its four addresses and its state."""
    return page_of_connections(request)


def page_of_connections(request: HttpRequest, status: HTTPStatus = HTTPStatus.OK, **refused: Any) -> HttpResponse:
    """The page; ``refused``: what a form on it did not get through, with ``opened``, the connection that it is about.

    ``settings_form``: that connection's form, with its errors. ``delete_error``: why it was not deleted, although
    ``delete_typed`` was typed.
    """
    proofs = last_proofs()
    connections = [connection_facts(each, proofs[each.pk]) for each in Connection.objects.live()]
    opened = str(refused.get("opened") or request.GET.get("connection", ""))
    for number, facts in enumerate(connections):
        facts["open"] = facts["id"] == opened or (not opened and number == 0)
        if facts["id"] == opened:
            facts.update(refused)
    page = {
        "connections": connections,
        "for_everybody": [
            facts["connection"].name
            for facts in connections
            if not facts["settings"].domains and not facts["connection"].test_only
        ],
        "next_sync": next_sync(timezone.now()),
    }
    return render(request, "web/saml_settings/authentication.html", page, status=status)


def connection_facts(connection: Connection, proof: Proof) -> dict[str, Any]:
    """What the page shows of a connection: the four addresses with the field for each, and its state."""
    now = timezone.now()
    certificates = connection.signing_certificates()
    best = longest_valid(certificates, now)
    settings = settings_of(connection)
    linked = SignInIdentity.objects.live().filter(provider=connection.pk).count()
    return {
        "id": str(connection.id),
        "connection": connection,
        "addresses": address_fields(addresses_of(connection.id), connection.product),
        "certificates": [certificate_facts(each, now) for each in certificates],
        "state": certificate_state(best, now) if best else None,
        "warnings": connection_warnings(connection, now),
        "keys": key_facts(connection),
        "attributes": attribute_facts(connection),
        "metadata": facts_in_force(connection),
        "proof": proof,
        "tested_at": tested_at(connection) if connection.test_only else None,
        "settings": settings,
        "settings_form": SettingsForm.showing(settings, auto_id=form_ids(connection.id)),
        **event_facts(connection),
        "linked": linked,
        "linked_names": names_of_linked(connection, linked),
    }


def form_ids(connection_id: UUID) -> str:
    """Several forms of one kind are on the page; their fields need ids of their own."""
    return f"settings-{connection_id}-%s"


@require_http_methods(["GET", "POST"])
@only(
    may_configure,
    fresh=Fresh.ALWAYS,
    keep=("metadata_url", "entity_id", "name", "domains", "pin", "accept_idp_initiated"),
)
def new_connection(request: HttpRequest) -> HttpResponseBase:
    """Configure SAML 2.0: from the metadata's address, or from the document itself."""
    bound = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ConnectionForm(*bound, initial=_carried(request))
    question = NO_QUESTION
    if request.method == "POST" and form.is_valid():
        try:
            require_confirmation(request, _question_about(form))
            connection = _create(request, form)
        except NotConfirmed as asked:
            question = asked.question
        except DomainError as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("%(connection)s is connected. Copy the four addresses below into %(product)s.")
                % {"connection": connection.name, "product": connection.product.name},
            )
            tell_what_was_left_out(request, connection)
            return back_to(connection.id)
    by_hand = form.is_bound and not form.data.get("metadata_url") and "entity_id" not in form.errors
    more = form.is_bound and any(form.data.get(name) for name in ("domains", "pin", "accept_idp_initiated"))
    page = {"form": form, "by_hand": by_hand, "more": more, "question": question.text}
    page["confirmation"] = question.confirmation
    return render(request, "web/saml_settings/new_connection.html", page, status=422 if form.is_bound else 200)


def tell_what_was_left_out(request: HttpRequest, connection: Connection) -> None:
    """A message for each part of the metadata that is there and is not used."""
    for finding in facts_in_force(connection).left_out:
        messages.warning(request, str(finding))


def _carried(request: HttpRequest) -> dict[str, str]:
    """What was entered before the person had to sign in again."""
    carried = take_carried_form(request) if request.method == "GET" else None
    return {name: str(value) for name, value in carried.dict().items() if value} if carried else {}


def _question_about(form: ConnectionForm) -> Question:
    """Whose domain it takes over from another connection. Raises: InvalidValue for what is no domain."""
    name = form.cleaned_data["name"].strip() or _("the new connection")
    return question_about_domains(name, form.cleaned_data["domains"])


def _create(request: HttpRequest, form: ConnectionForm) -> Connection:
    return create_connection(
        form.cleaned_data["name"].strip() or None,
        actor=actor_of(request),
        metadata_url=form.cleaned_data["metadata_url"],
        document=form.metadata_xml(),
        entity_id=form.cleaned_data["entity_id"],
        accept_idp_initiated=form.cleaned_data["accept_idp_initiated"],
        domains=form.cleaned_data["domains"],
        pin=form.cleaned_data["pin"],
    )


def show_refusal(form: ConnectionForm | SettingsForm, refusal: DomainError) -> None:
    """Put a refusal to the field that it is about."""
    if isinstance(refusal, DomainTaken):
        form.add_error("domains", refusal.on_page)
    else:
        metadata_forms.show_refusal(form, refusal)


@require_POST
@only(may_configure, back="web:authentication")
def delete(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Delete a connection, confirmed by its name."""
    typed = request.POST.get("confirm", "")
    try:
        delete_connection(connection_id, confirm=typed, actor=actor_of(request))
    except DomainError as refusal:
        refused = {"delete_error": refusal.on_page, "delete_typed": typed}
        return page_of_connections(request, HTTPStatus.UNPROCESSABLE_ENTITY, opened=connection_id, **refused)
    messages.success(request, _("The connection is deleted. Everybody who came in through it is signed out."))
    return redirect("web:authentication")
