"""Settings > Configuration > Authentication: the SAML connections."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gatekeeper.configuration.connection_attributes import attribute_facts
from gatekeeper.configuration.connection_keys import key_facts
from gatekeeper.configuration.forms import ConnectionForm
from gatekeeper.configuration.guards import actor_of, freshly, may_configure, only
from gatekeeper.configuration.step_up import take_carried_form
from gatekeeper.directory.models import SignInIdentity
from gatekeeper.directory.sign_in import next_sync
from gatekeeper.errors import DomainError
from saml.addresses import addresses_of
from saml.connections import (
    create_connection,
    delete_connection,
    refresh_connection,
    set_accept_idp_initiated,
    warnings_about,
)
from saml.errors import MetadataRefused
from saml.models import Connection

USUAL_NAME = "Microsoft Entra"
MAXIMUM_UPLOAD = 2 * 1024 * 1024  # bytes; real metadata is below a tenth of that


@require_safe
@only(may_configure)
def authentication(request: HttpRequest) -> HttpResponse:
    """Every connection with its four addresses and its state."""
    return _page(request)


def _page(request: HttpRequest, status: HTTPStatus = HTTPStatus.OK, **refused: Any) -> HttpResponse:
    connections = [connection_facts(connection) for connection in Connection.objects.live()]
    opened = str(refused.get("deleting") or request.GET.get("connection", ""))
    for number, facts in enumerate(connections):
        facts["open"] = facts["id"] == opened or (not opened and number == 0)
    page = {"connections": connections, "next_sync": next_sync(timezone.now()), **refused}
    return render(request, "configuration/authentication.html", page, status=status)


def connection_facts(connection: Connection) -> dict[str, Any]:
    """What the page shows of a connection: the four addresses with the Entra field for each, and its state."""
    now = timezone.now()
    addresses = addresses_of(connection.id)
    ends = [certificate.not_after for certificate in connection.signing_certificates()]
    return {
        "id": str(connection.id),
        "connection": connection,
        "addresses": [
            ("Metadata url", addresses.metadata, "Entra: Identifier (Entity ID)"),
            ("Sso url", addresses.sso, "Entra: Sign on URL"),
            (
                "ACS (Assertion Consumer Service, Recipient) url",
                addresses.acs,
                "Entra: Reply URL (Assertion Consumer Service URL)",
            ),
            ("Logout url", addresses.logout, "Entra: Logout Url"),
        ],
        "certificate_ends": max(ends, default=None),
        "days_left": (max(ends) - now).days if ends else None,
        "certificate_count": len(ends),
        "warnings": warnings_about(connection, now),
        "keys": key_facts(connection),
        "attributes": attribute_facts(connection),
        "linked": SignInIdentity.objects.live().filter(provider=connection.pk).count(),
    }


@require_http_methods(["GET", "POST"])
@only(may_configure)
@freshly(keep=("metadata_url", "name", "accept_idp_initiated"))
def new_connection(request: HttpRequest) -> HttpResponseBase:
    """Configure SAML 2.0: from the metadata's address, or from the document itself."""
    bound = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ConnectionForm(*bound, initial={"name": _free_name(), **_carried(request)})
    if request.method == "POST" and form.is_valid():
        try:
            connection = _create(request, form)
        except MetadataRefused as refusal:
            form.add_error("metadata_url" if form.cleaned_data["metadata_url"] else None, _about_metadata(refusal))
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                f"{connection.name} is connected. Copy the four addresses below into Entra's Basic SAML Configuration.",
            )
            return redirect(f"{_address()}?connection={connection.id}")
    page = {"form": form, "by_hand": form.is_bound and not form.data.get("metadata_url")}
    return render(request, "configuration/new_connection.html", page, status=422 if form.is_bound else 200)


def _carried(request: HttpRequest) -> dict[str, str]:
    """What was entered before the person had to sign in again."""
    carried = take_carried_form(request) if request.method == "GET" else None
    return {name: str(value) for name, value in carried.dict().items() if value} if carried else {}


def _create(request: HttpRequest, form: ConnectionForm) -> Connection:
    return create_connection(
        form.cleaned_data["name"] or _free_name(),
        actor=actor_of(request),
        metadata_url=form.cleaned_data["metadata_url"],
        document=form.metadata_xml(),
        accept_idp_initiated=form.cleaned_data["accept_idp_initiated"],
    )


def _about_metadata(refusal: MetadataRefused) -> str:
    return f"The metadata was not accepted: {refusal.reason}"


def _free_name() -> str:
    """The usual name, with a number when it is taken."""
    taken = set(Connection.objects.live().values_list("provider__name", flat=True))
    names = (USUAL_NAME if number == 1 else f"{USUAL_NAME} {number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


@require_POST
@only(may_configure)
@freshly(back="configuration:authentication")
def refresh(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Read the metadata again: from its address, or from a file that was chosen."""
    upload = request.FILES.get("metadata_file")
    if upload is not None and (upload.size or 0) > MAXIMUM_UPLOAD:
        messages.error(request, "The metadata was not accepted: the file is larger than 2 MB.")
        return _back(connection_id)
    try:
        connection, result = refresh_connection(
            connection_id, actor=actor_of(request), document=upload.read() if upload is not None else None
        )
    except MetadataRefused as refusal:
        messages.error(request, f"{_about_metadata(refusal)} What was known before stays in force.")
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"The metadata of {connection.name} was read again: {result}.")
    return _back(connection_id)


@require_POST
@only(may_configure)
@freshly(back="configuration:authentication")
def accept_idp_initiated(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Whether a response that nobody asked for is believed."""
    accept = request.POST.get("accept") == "on"
    try:
        connection = set_accept_idp_initiated(connection_id, accept, actor=actor_of(request))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            f"{connection.name} may start a sign-in by itself now."
            if accept
            else f"Sign-in that {connection.name} starts by itself is turned into an ordinary one now.",
        )
    return _back(connection_id)


@require_POST
@only(may_configure)
@freshly(back="configuration:authentication")
def delete(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Delete a connection, confirmed by its name."""
    try:
        delete_connection(connection_id, confirm=request.POST.get("confirm", ""), actor=actor_of(request))
    except DomainError as refusal:
        return _page(request, HTTPStatus.UNPROCESSABLE_ENTITY, deleting=str(connection_id), delete_error=str(refusal))
    messages.success(request, "The connection is deleted. Everybody who came in through it is signed out.")
    return redirect("configuration:authentication")


def _address() -> str:
    return reverse("configuration:authentication")


def _back(connection_id: UUID) -> HttpResponse:
    return redirect(f"{_address()}?connection={connection_id}")
