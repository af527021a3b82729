"""Sending a message of ours over the binding that the identity provider has: a redirect, or a form that is posted.

The form's page works under the site's own Content-Security-Policy: a served script presses the button that is there.
"""

import base64
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from saml.connections.key_pairs import key_pairs, signer
from saml.messages import build
from saml.metadata import Binding
from saml.models import Connection
from saml.xml.signing import signed_message


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingMessage:
    """``parameter``: SAMLRequest or SAMLResponse. ``binding``: the one at ``to``."""

    parameter: str
    message: bytes
    to: str
    binding: str
    relay_state: str = ""


def redirect_address(connection: Connection, outgoing: OutgoingMessage) -> str | None:
    """The address that carries the message, signed where the connection signs; None when it has to be posted.

    Raises: SealBroken.
    """
    if outgoing.binding == Binding.POST:
        return None
    return build.redirect_url(
        outgoing.to, outgoing.parameter, outgoing.message, outgoing.relay_state, sign=signer(connection)
    )


def post_form_page(
    request: HttpRequest, connection: Connection, outgoing: OutgoingMessage, *, heading: str
) -> HttpResponse:
    """The page whose form posts the message (SAML bindings 3.5.4). Raises: SealBroken."""
    fields = {outgoing.parameter: base64.b64encode(_signed(connection, outgoing.message)).decode("ascii")}
    if outgoing.relay_state:
        fields["RelayState"] = outgoing.relay_state
    page = {"action": outgoing.to, "fields": fields, "connection": connection, "heading": heading, "access": None}
    # Not the identity provider's host alone: browsers hold form-action against where it leads on, as to a login page
    # of another one behind it. The page has no other form.
    allowed = f"{urlsplit(outgoing.to).scheme}:"
    view = csp_update({"form-action": [allowed]})(lambda asked: render(asked, "saml/post_form.html", page))
    return cast(HttpResponse, view(request))


def _signed(connection: Connection, message: bytes) -> bytes:
    sign = signer(connection)
    if sign is None:
        return message
    return signed_message(message, sign=sign, certificate=bytes(key_pairs(connection)[0].der))
