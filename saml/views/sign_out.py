"""Single logout (SAML profiles 4.4): begun by our own user, or asked for by the identity provider."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from gatekeeper.audit.actor import Actor
from gatekeeper.errors import SealBroken
from gatekeeper.sessions.browser_session import close_browser_session, current_sign_in
from gatekeeper.sessions.request_details import request_id_of
from saml import logout as sign_out
from saml.addresses import addresses_of
from saml.debugger.attempts import Outcome, record_attempt
from saml.debugger.steps import LOGOUT
from saml.errors import MessageRefused
from saml.messages import build, replay_protection
from saml.messages.bindings import decode_post, decode_redirect
from saml.messages.browser_binding import browser_token, browser_token_or_new, set_browser_cookie
from saml.messages.sending import OutgoingMessage, post_form_page, redirect_address
from saml.models import Connection
from saml.refusals.pages import (
    after_a_refused_request,
    after_an_answer_too_many,
    after_the_answer,
    by_the_identity_provider,
    without_an_address,
)
from saml.sign_on import SESSION_FACTS
from saml.views.connections import connection_or_404, log_unreadable_key, requires_private_key
from saml.views.refusals import signed_out_page

LONGEST_RELAY_STATE = 80  # bytes, SAML bindings 3.4.3


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
@requires_private_key
def logout(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Take a LogoutRequest or LogoutResponse of the identity provider, or the sign-out of our own user."""
    connection = connection_or_404(connection_id)
    values = request.POST if request.method == "POST" else request.GET
    decode = decode_post if request.method == "POST" else decode_redirect
    try:
        if "SAMLRequest" in values:
            return _answer_logout(request, connection, decode(values["SAMLRequest"]))
        if "SAMLResponse" in values:
            return _finish_logout(request, connection, decode(values["SAMLResponse"]))
    except MessageRefused as refusal:
        check = f"{LOGOUT}{refusal.check}"
        record_attempt(
            request,
            connection,
            Outcome(check=check, reason=refusal.reason, parameters=refusal.parameters, is_signed=refusal.is_signed),
        )
        outcome = after_a_refused_request(connection.name, is_signed_in=_is_signed_in(request))
        return signed_out_page(request, outcome, status=400, reference=request_id_of(request))
    return _own_logout(request)


def sign_out_here(request: HttpRequest) -> HttpResponse | None:
    """End this browser's session; return the page that goes on to the identity provider's sign-out.

    None for a local account. A page, not a redirect, goes there: browsers apply ``form-action`` to redirects of a
    posted form. Without a sign-out address there, or a key to sign with, the session here ends all the same, and the
    page says so.
    """
    sign_in = current_sign_in(request)
    connection = Connection.objects.live().filter(pk=sign_in.provider_id).first() if sign_in else None
    name_id_format = request.session.get(SESSION_FACTS, {}).get("name_id_format", "")
    close_browser_session(request)
    if sign_in is None or connection is None:
        return None
    if not connection.slo_url:
        return signed_out_page(request, without_an_address(connection.name))
    browser = browser_token_or_new(request)
    pending = replay_protection.remember_request(connection, browser=browser, purpose="sign_out")
    message = build.logout_request(
        pending.request_id,
        connection.slo_url,
        addresses_of(connection.id),
        name_id=(sign_in.name_id, name_id_format),
        session_index=sign_in.session_index,
    )
    try:
        response = _leading_out(request, connection, message)
    except SealBroken as broken:
        log_unreadable_key(connection.id, broken)
        return signed_out_page(request, without_an_address(connection.name))
    return set_browser_cookie(response, browser)


def _leading_out(request: HttpRequest, connection: Connection, message: bytes) -> HttpResponse:
    outgoing = OutgoingMessage(
        parameter="SAMLRequest", message=message, to=connection.slo_url, binding=connection.slo_binding
    )
    onward = redirect_address(connection, outgoing)
    if onward is None:
        return post_form_page(request, connection, outgoing, heading="You are signed out here")
    return render(request, "saml/signing_out.html", {"onward": onward, "connection": connection, "access": None})


@csrf_protect
@require_POST
def _own_logout(request: HttpRequest) -> HttpResponse:
    return sign_out_here(request) or HttpResponseRedirect(reverse("web:sign_in"))


def _answer_logout(request: HttpRequest, connection: Connection, document: bytes) -> HttpResponse:
    now = timezone.now()
    query = request.META.get("QUERY_STRING", "") if request.method == "GET" else None
    message = sign_out.read_logout_request(document, connection, query=query, now=now)
    actor = Actor.identity_provider(connection.name, request_id=request_id_of(request))
    ended = sign_out.end_named_sessions(message, connection, now=now, actor=actor)
    if not connection.slo_url:
        return signed_out_page(request, by_the_identity_provider(connection.name, ended))
    answer = build.logout_response(message.id, connection.answer_url, addresses_of(connection.id))
    values = request.POST if request.method == "POST" else request.GET
    relay_state = values.get("RelayState", "")  # Handed back to the identity provider, which wants it; never followed.
    if len(relay_state.encode()) > LONGEST_RELAY_STATE:
        relay_state = ""
    outgoing = OutgoingMessage(
        parameter="SAMLResponse",
        message=answer,
        to=connection.answer_url,
        binding=connection.slo_binding,
        relay_state=relay_state,
    )
    onward = redirect_address(connection, outgoing)
    if onward is None:
        return post_form_page(request, connection, outgoing, heading="You are signed out here")
    return HttpResponseRedirect(onward)


def _finish_logout(request: HttpRequest, connection: Connection, document: bytes) -> HttpResponse:
    """Read the answer to our LogoutRequest. Our session ended before, so only the text of the page depends on it."""
    query = request.META.get("QUERY_STRING", "") if request.method == "GET" else None
    answer = sign_out.read_logout_response(document, connection, query=query, now=timezone.now())
    browser = browser_token(request)
    try:
        replay_protection.take_request(
            replay_protection.find_pending_request(
                connection, answer.in_response_to, browser=browser, purposes=("sign_out",)
            )
        )
    except MessageRefused:
        return signed_out_page(request, after_an_answer_too_many(connection.name, is_signed_in=_is_signed_in(request)))
    return signed_out_page(request, after_the_answer(connection.name, answer.status))


def _is_signed_in(request: HttpRequest) -> bool | None:
    """Whether this browser has a session here; None at a post from another site, to which no session cookie comes."""
    if getattr(request, "access", None) is not None:
        return True
    return None if request.method == "POST" else False
