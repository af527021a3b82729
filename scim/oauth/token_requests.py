"""What a request for an access token says: its form, and how the client authenticates (RFC 6749 §2.3.1, RFC 7523 §2.2).

Nothing is believed yet. The library reads the same form again for the grammar of the grant (``client_credentials.py``);
what it does not look at is refused here: parameters that are there twice, two ways to authenticate, broken encodings.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from scim.oauth.reasons import Reason
from scim.oauth.refusals import ErrorCode, TokenRequestRefused

LONGEST_BODY = 32 * 1024  # bytes; an assertion of 16 KB is read, those of Entra are below 2 KB
MOST_PARAMETERS = 30
FORM = "application/x-www-form-urlencoded"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
BASIC, POST, ASSERTION = "client_secret_basic", "client_secret_post", "private_key_jwt"  # RFC 7591 §2, OIDC Core §9


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenRequest:
    """``method``: how the client authenticates; ``client_id`` may be "" with an assertion."""

    form: Mapping[str, str]
    method: str
    client_id: str
    secret: str = ""
    assertion: str = ""


def read_token_request(request: HttpRequest) -> TokenRequest:
    """Raises: TokenRequestRefused, ``invalid_request`` or ``invalid_client`` as RFC 6749 §5.2 says."""
    form = _form_of(request)
    header = request.headers.get("Authorization", "").strip()
    stated = [name for name in ("client_secret", "client_assertion") if form.get(name)]
    if len(stated) + bool(header) > 1:
        raise _malformed(Reason.TWO_WAYS)
    if header:
        return _with_basic(form, header)
    if "client_assertion" in form or "client_assertion_type" in form:
        return _with_assertion(form)
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not (client_id or secret):
        raise _not_authenticated(Reason.NO_AUTHENTICATION)
    if not (client_id and secret):
        raise _not_authenticated(Reason.NO_SECRET if client_id else Reason.NO_CLIENT_ID)
    return TokenRequest(form=form, method=POST, client_id=client_id, secret=secret)


def _with_basic(form: Mapping[str, str], header: str) -> TokenRequest:
    """Both parts are form-encoded before they are joined (RFC 6749 §2.3.1)."""
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "basic":
        raise _not_authenticated(Reason.OTHER_SCHEME)
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
        client_id, colon, secret = text.partition(":")
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError) as error:
        raise _not_authenticated(Reason.BASIC_UNREADABLE) from error
    if not (colon and client_id and secret) or "\x00" in client_id + secret:
        raise _not_authenticated(Reason.BASIC_UNREADABLE)
    if form.get("client_id", client_id) != client_id:
        raise _malformed(Reason.TWO_WAYS)
    return TokenRequest(form=form, method=BASIC, client_id=client_id, secret=secret)


def _with_assertion(form: Mapping[str, str]) -> TokenRequest:
    kind, assertion = form.get("client_assertion_type"), form.get("client_assertion")
    if not (kind and assertion):
        raise _malformed(Reason.NO_ASSERTION)
    if kind != JWT_BEARER:
        raise _not_authenticated(Reason.OTHER_ASSERTION_TYPE)
    return TokenRequest(form=form, method=ASSERTION, client_id=form.get("client_id", ""), assertion=assertion)


def _form_of(request: HttpRequest) -> dict[str, str]:
    """The parameters, without those that are empty: they count as omitted (RFC 6749 §3.2)."""
    if request.META.get("QUERY_STRING"):
        raise _malformed(Reason.PARAMETERS_IN_ADDRESS)
    if request.content_type != FORM:
        raise _malformed(Reason.NOT_A_FORM)
    try:
        text = _body_of(request).decode()
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError as error:
        raise _malformed(Reason.BODY_UNREADABLE) from error
    if any("\x00" in each for pair in pairs for each in pair):
        raise _malformed(Reason.BODY_UNREADABLE)
    names = [name for name, value in pairs]
    for name in names:
        if names.count(name) > 1:
            raise _malformed(Reason.PARAMETER_REPEATED, name=name[:50])
    return {name: value for name, value in pairs if value}


def _body_of(request: HttpRequest) -> bytes:
    """Refused by its stated length before it is read."""
    stated = request.headers.get("Content-Length", "")
    if stated.isdigit() and int(stated) > LONGEST_BODY:
        raise _too_long()
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise _too_long() from error
    except UnreadablePostError as error:
        raise _malformed(Reason.BODY_UNREADABLE) from error
    if len(body) > LONGEST_BODY:
        raise _too_long()
    return body


def _too_long() -> TokenRequestRefused:
    return _malformed(Reason.BODY_TOO_LONG, limit=LONGEST_BODY)


def _malformed(reason: Reason, **parameters: Any) -> TokenRequestRefused:
    return TokenRequestRefused(ErrorCode.INVALID_REQUEST, "is_a_token_request", reason, **parameters)


def _not_authenticated(reason: Reason) -> TokenRequestRefused:
    return TokenRequestRefused(ErrorCode.INVALID_CLIENT, "authenticates_in_one_way", reason)
