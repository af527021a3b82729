"""OAuth clients: added, given another secret, revoked. A secret is shown in the answer to one request only."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from gatekeeper.audit.actor import Actor
from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, only
from gatekeeper.web.scim_settings.credential_rows import end_of_day
from gatekeeper.web.scim_settings.credentials import credential_or_404, credential_page
from gatekeeper.web.scim_settings.forms import ClientKind, OAuthClientForm, SecretEndForm
from scim.credentials.api_keys import RevokeNotConfirmed
from scim.credentials.federation_settings import Federation
from scim.credentials.oauth_clients import (
    create_client_with_secret,
    create_federated_client,
    revoke_client,
    revoke_secret,
    rotate_secret,
)
from scim.models import OAuthClient

FIELDS = tuple(OAuthClientForm.base_fields)
_FIELD_OF = {"expires": "ends_on"}  # the form's names, where they are not those of the refusal


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=FIELDS)
def add(request: HttpRequest) -> HttpResponseBase:
    """The form; then the new client's page, with its secret if it has one."""
    initial = {"kind": ClientKind.SECRET, **carried_fields(request, FIELDS)}
    form = OAuthClientForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            client, secret = _create(form.cleaned_data, actor_of(request))
        except InvalidValue as refusal:
            form.add_error(_FIELD_OF.get(refusal.attribute, refusal.attribute), refusal.on_page)
        else:
            if secret:
                return credential_page(request, client, new_secret=secret)
            done = _("%(name)s is added. Copy its Client ID and the two addresses into your identity provider.")
            messages.success(request, done % {"name": client.name})
            return redirect("web:credential", credential_id=client.pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "web/scim_settings/add_oauth_client.html", {"form": form}, status=status)


def _create(values: dict[str, Any], actor: Actor) -> tuple[OAuthClient, str]:
    """The client, and the text of its secret; "" for a federated one."""
    if values["kind"] == ClientKind.FEDERATION:
        parts = {name: values[name] for name in Federation.__slots__}
        return create_federated_client(values["name"], Federation(**parts), actor=actor), ""
    ends = end_of_day(values["ends_on"])
    client, made = create_client_with_secret(values["name"], actor=actor, expires_at=ends)
    return client, made.text


@require_http_methods(["GET", "POST"])
@only(may_configure, fresh=Fresh.ALWAYS, back="web:credential")
def rotate(request: HttpRequest, credential_id: UUID) -> HttpResponseBase:
    """One more secret for a client; those that it has go on until they are revoked."""
    client = _client(credential_id)
    if request.method != "POST":
        return redirect("web:credential", credential_id=credential_id)
    form = SecretEndForm(request.POST)
    if form.is_valid():
        try:
            ends = end_of_day(form.cleaned_data["ends_on"])
            made = rotate_secret(client.pk, actor=actor_of(request), expires_at=ends)
        except InvalidValue as refusal:
            form.add_error("ends_on", refusal.on_page)
        except DomainError as refusal:
            messages.error(request, refusal.on_page)
            return redirect("web:credential", credential_id=credential_id)
        else:
            return credential_page(request, _client(credential_id), new_secret=made.text)
    return credential_page(request, client, HTTPStatus.UNPROCESSABLE_ENTITY, secret_form=form)


@require_http_methods(["GET", "POST"])
@only(may_configure, fresh=Fresh.ALWAYS, back="web:credential")
def revoke(request: HttpRequest, credential_id: UUID) -> HttpResponseBase:
    """Revoke one secret or the client, confirmed by the phrase. A GET is the dialog as a page."""
    client = _client(credential_id)
    if request.method != "POST":
        return credential_page(request, client, revoking=True)
    chosen = request.POST.get("secret_id", "")
    try:
        done = _revoke(client, chosen, request.POST.get("phrase", ""), actor_of(request))
    except RevokeNotConfirmed:
        refusal = _("Nothing was revoked: type exactly Revoke, with a capital R.")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        typed = {"phrase_error": refusal, "phrase_typed": request.POST.get("phrase", ""), "chosen": chosen}
        return credential_page(request, client, status, revoking=True, **typed)
    except DomainError as refused:
        messages.error(request, refused.on_page)
        return redirect("web:credential", credential_id=credential_id)
    messages.success(request, done)
    return redirect("web:credential", credential_id=credential_id) if chosen else redirect("web:scim")


def _revoke(client: OAuthClient, chosen: str, phrase: str, actor: Actor) -> str:
    """What was done, in a sentence. Raises: DomainError; Http404 for what is no id of a secret."""
    if not chosen:
        revoke_client(client.pk, phrase, actor=actor)
        return _("%(name)s is revoked, with every secret and access token.") % {"name": client.name}
    try:
        secret_id = UUID(chosen)
    except ValueError:
        raise Http404 from None
    secret = revoke_secret(client.pk, secret_id, phrase, actor=actor)
    return _("The secret %(hint)s… is revoked, with the access tokens that it brought.") % {"hint": secret.hint}


def _client(credential_id: UUID) -> OAuthClient:
    found = credential_or_404(credential_id)
    if not isinstance(found, OAuthClient):
        raise Http404
    return found
