"""The SAML door. Each view reads the request, calls one story and answers; refusals become pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

import structlog
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.resolver import Access, Blocked
from gatekeeper.directory.sessions.sign_in import next_sync
from gatekeeper.errors import SealBroken, SignInRefused
from gatekeeper.sessions.browser_session import close_browser_session, current_sign_in
from saml import logout as sign_out
from saml.addresses import addresses_of, own_path
from saml.causes import Cause
from saml.connections.key_pairs import key_pairs
from saml.debugger.attempts import Outcome, note
from saml.debugger.request_facts import request_id_of
from saml.debugger.steps import LOGOUT
from saml.errors import Refused
from saml.messages import build, replay_protection
from saml.messages.bindings import decode_post, decode_redirect
from saml.messages.browser_binding import POSTED_AGAIN, bind, browser_of, new_or_known_browser, should_post_again
from saml.messages.sending import Outgoing, onward_address, posting_page
from saml.models import Connection, PendingRequest
from saml.refusal_pages import (
    SignedOut,
    after_a_refused_request,
    after_an_answer_too_many,
    after_the_answer,
    by_the_identity_provider,
    heading_about,
    without_an_address,
    words_about,
)
from saml.sign_on import NAMES_NO_REQUEST, SESSION_FACTS, TestRefused, Unsolicited, sign_on

LONGEST_RELAY_STATE = 80  # bytes, SAML bindings 3.4.3
View = Callable[[HttpRequest, UUID], HttpResponse]

log = structlog.get_logger(__name__)

UNREADABLE = frozenset({"arrives", "encoding", "xml"})


def _connection(connection_id: UUID) -> Connection:
    connection = Connection.objects.live().filter(pk=connection_id).first()
    if connection is None:
        raise Http404("There is no such SAML connection.")
    return connection


def _needs_our_key(view: View) -> View:
    """503 when our private key cannot be read: nothing that the person in front of the browser could put right."""

    @wraps(view)
    def guarded(request: HttpRequest, connection_id: UUID) -> HttpResponse:
        try:
            return view(request, connection_id)
        except SealBroken as broken:
            log.error("saml_key_unreadable", connection=str(connection_id), reason=str(broken))
            words = "This site cannot sign its messages at the moment. Ask your administrator."
            return _refused(request, words, status=503)

    return guarded


@require_GET
def metadata(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Our metadata for one connection; also what "Upload metadata file" in Entra's portal takes."""
    del request
    connection = _connection(connection_id)
    certificates = [bytes(pair.der) for pair in key_pairs(connection)]
    document = build.sp_metadata(addresses_of(connection.id), certificates, signs=connection.sign_requests)
    return HttpResponse(document, content_type="application/samlmetadata+xml")


@never_cache
@require_GET
@_needs_our_key
def sso(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Begin to sign on: remember the request, bind it to this browser, go to the identity provider.

    ``next``: where to go afterwards, a path of this site only. ``force``: the person has to sign in anew there.
    ``test``: run everything, open no session, and show the administrator who asked for it what came of it.
    """
    connection = _connection(connection_id)
    testing = "test" in request.GET
    if testing and (refused := _who_may_not_test(request)):
        return refused
    return _begin_sign_on(
        request,
        connection,
        purpose="test" if testing else "sign_on",
        relay_path=own_path(request.GET.get("next")),
        forced_at=timezone.now() if "force" in request.GET else None,
    )


@csrf_exempt
@never_cache
@require_POST
@_needs_our_key
def acs(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Take the identity provider's answer (assertion consumer service, HTTP-POST binding)."""
    connection = _connection(connection_id)
    if "SAMLResponse" not in request.POST:
        refusal = Refused("arrives", "there was no SAMLResponse in the request.")
        note(request, connection, Outcome(check=refusal.check, reason=refusal.reason))
        return _message_refused(request, connection, refusal)
    if should_post_again(request):
        return _post_again(request)
    try:
        landing = sign_on(request, connection, browser=browser_of(request))
    except Unsolicited as unsolicited:
        return _begin_instead(request, connection, unsolicited.document)
    except SignInRefused as refusal:
        return _person_refused(request, connection, refusal)
    except TestRefused as over:
        return _test_refused(request, over)
    except Refused as refusal:
        return _message_refused(request, connection, refusal)
    return HttpResponseRedirect(landing.path)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
@_needs_our_key
def logout(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Sign-out from both sides: a LogoutRequest or LogoutResponse of the identity provider, or our own user's wish."""
    connection = _connection(connection_id)
    values = request.POST if request.method == "POST" else request.GET
    decode = decode_post if request.method == "POST" else decode_redirect
    try:
        if "SAMLRequest" in values:
            return _answer_logout(request, connection, decode(values["SAMLRequest"]))
        if "SAMLResponse" in values:
            return _finish_logout(request, connection, decode(values["SAMLResponse"]))
    except Refused as refusal:
        check = f"{LOGOUT}{refusal.check}"
        note(request, connection, Outcome(check=check, reason=refusal.reason, is_signed=refusal.is_signed))
        outcome = after_a_refused_request(connection.name, is_signed_in=_is_signed_in(request))
        return _signed_out(request, outcome, status=400, reference=request_id_of(request))
    return _own_logout(request)


def lead_to(request: HttpRequest, connection: Connection, *, relay_path: str, login_hint: str) -> HttpResponse:
    """Begin to sign on, for whoever typed ``login_hint``; a page that leads on, for the reason told at ``leave``."""
    begun = _begin_sign_on(request, connection, relay_path=relay_path)
    if "Location" not in begun.headers:
        return begun
    onward = build.with_login_hint(begun.headers["Location"], login_hint)
    response = render(request, "saml/leading.html", {"onward": onward, "connection": connection, "access": None})
    response.cookies.update(begun.cookies)
    return response


def leave(request: HttpRequest) -> HttpResponse | None:
    """End this browser's session; the page that leads on to the identity provider's sign-out, None for a local account.

    A page, not a redirect, leads there: browsers hold ``form-action`` against redirects of a posted form.
    Without a sign-out address there, or a key to sign with, the session here ends all the same, and the page says so.
    """
    sign_in = current_sign_in(request)
    connection = Connection.objects.live().filter(pk=sign_in.provider_id).first() if sign_in else None
    name_id_format = request.session.get(SESSION_FACTS, {}).get("name_id_format", "")
    close_browser_session(request)
    if sign_in is None or connection is None:
        return None
    if not connection.slo_url:
        return _signed_out(request, without_an_address(connection.name))
    browser = new_or_known_browser(request)
    pending = replay_protection.begin(connection, browser=browser, purpose="sign_out")
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
        log.error("saml_key_unreadable", connection=str(connection.id), reason=str(broken))
        return _signed_out(request, without_an_address(connection.name))
    return bind(response, browser)


def _leading_out(request: HttpRequest, connection: Connection, message: bytes) -> HttpResponse:
    outgoing = Outgoing(parameter="SAMLRequest", message=message, to=connection.slo_url, binding=connection.slo_binding)
    onward = onward_address(connection, outgoing)
    if onward is None:
        return posting_page(request, connection, outgoing, heading="You are signed out here")
    return render(request, "saml/leaving.html", {"onward": onward, "connection": connection, "access": None})


@csrf_protect
@require_POST
def _own_logout(request: HttpRequest) -> HttpResponse:
    return leave(request) or HttpResponseRedirect(reverse("web:sign_in"))


def _begin_sign_on(
    request: HttpRequest, connection: Connection, *, purpose: str = "sign_on", **facts: Any
) -> HttpResponse:
    browser = new_or_known_browser(request)
    sign_in = current_sign_in(request)
    pending = replay_protection.begin(
        connection, browser=browser, purpose=purpose, replaces=sign_in.pk if sign_in else None, **facts
    )
    message = build.authn_request(
        pending.request_id,
        connection.sso_url,
        addresses_of(connection.id),
        force=pending.forced_at is not None,
    )
    outgoing = Outgoing(parameter="SAMLRequest", message=message, to=connection.sso_url, binding=connection.sso_binding)
    onward = onward_address(connection, outgoing)
    if onward is None:
        heading = f"On the way to {connection.name}"
        return bind(posting_page(request, connection, outgoing, heading=heading), browser)
    return bind(HttpResponseRedirect(onward), browser)


def _who_may_not_test(request: HttpRequest) -> HttpResponse | None:
    """A test is an administrator's tool: its result is theirs to read. None for whoever may.

    Strangers sign in first, and then begin from the list: the sign-in form must not lead on to another site
    (``form-action``). Raises: PermissionDenied.
    """
    access: Access | None = getattr(request, "access", None)
    if access is None:
        return redirect_to_login(reverse("admin:saml_signinattempt_changelist"))
    if not access.can_configure:
        raise PermissionDenied
    return None


def _begin_instead(request: HttpRequest, connection: Connection, document: bytes) -> HttpResponse:
    """An unsolicited response is not trusted; Entra answers the sign-on that begins here without asking anything.

    An identity provider that answers every request without naming it would go round in circles: refused once seen.
    """
    circling = PendingRequest.objects.filter(
        connection=connection, browser=replay_protection.digest(browser_of(request)), after_unsolicited=True
    )
    if browser_of(request) and circling.delete()[0]:
        refusal = Refused("unsolicited", NAMES_NO_REQUEST)
        note(request, connection, Outcome(check=refusal.check, reason=refusal.reason, document=document))
        return _message_refused(request, connection, refusal)
    reason = "it began at the identity provider; an ordinary sign-in was begun here in its place."
    note(
        request,
        connection,
        Outcome(check="unsolicited", cause=Cause.BEGUN_HERE, reason=reason, document=document),
    )
    relay_path = own_path(request.POST.get("RelayState"))
    return _begin_sign_on(request, connection, relay_path=relay_path, after_unsolicited=True)


def _post_again(request: HttpRequest) -> HttpResponse:
    """Once: a page of our own posts the same message, with the cookie that stayed behind at another site's post."""
    fields = {name: request.POST.get(name, "") for name in ("SAMLResponse", "RelayState")} | {POSTED_AGAIN: "yes"}
    page = {"action": "", "fields": fields, "heading": "One moment", "access": None}
    return render(request, "saml/posting.html", page)


def _answer_logout(request: HttpRequest, connection: Connection, document: bytes) -> HttpResponse:
    now = timezone.now()
    query = request.META.get("QUERY_STRING", "") if request.method == "GET" else None
    message = sign_out.read_logout_request(document, connection, query=query, now=now)
    actor = Actor.identity_provider(connection.name, request_id=request_id_of(request))
    ended = sign_out.end_named_sessions(message, connection, now=now, actor=actor)
    if not connection.slo_url:
        return _signed_out(request, by_the_identity_provider(connection.name, ended))
    answer = build.logout_response(message.id, connection.answer_url, addresses_of(connection.id))
    values = request.POST if request.method == "POST" else request.GET
    relay_state = values.get("RelayState", "")  # Handed back to the identity provider, which wants it; never followed.
    if len(relay_state.encode()) > LONGEST_RELAY_STATE:
        relay_state = ""
    outgoing = Outgoing(
        parameter="SAMLResponse",
        message=answer,
        to=connection.answer_url,
        binding=connection.slo_binding,
        relay_state=relay_state,
    )
    onward = onward_address(connection, outgoing)
    if onward is None:
        return posting_page(request, connection, outgoing, heading="You are signed out here")
    return HttpResponseRedirect(onward)


def _finish_logout(request: HttpRequest, connection: Connection, document: bytes) -> HttpResponse:
    """Our session ended before we asked; so this answer changes nothing but what the page says."""
    query = request.META.get("QUERY_STRING", "") if request.method == "GET" else None
    answer = sign_out.read_logout_response(document, connection, query=query, now=timezone.now())
    browser = browser_of(request)
    try:
        replay_protection.answer(
            replay_protection.pending_request(
                connection, answer.in_response_to, browser=browser, purposes=("sign_out",)
            )
        )
    except Refused:
        return _signed_out(request, after_an_answer_too_many(connection.name, is_signed_in=_is_signed_in(request)))
    return _signed_out(request, after_the_answer(connection.name, answer.status))


def _is_signed_in(request: HttpRequest) -> bool | None:
    """None where it cannot be told: the session's cookie stays behind at a post from another site."""
    if getattr(request, "access", None) is not None:
        return True
    return None if request.method == "POST" else False


def _signed_out(request: HttpRequest, outcome: SignedOut, *, status: int = 200, reference: str = "") -> HttpResponse:
    page = {"outcome": outcome, "reference": reference, "access": None}
    return render(request, "saml/signed_out.html", page, status=status)


def _person_refused(request: HttpRequest, connection: Connection, refusal: SignInRefused) -> HttpResponse:
    waits = refusal.code == Blocked.AWAITING_SAML_SYNC.value
    sync = timezone.localtime(next_sync(timezone.now())) if waits else None
    return _refused(request, str(refusal), status=403, connection=connection, next_sync=sync)


def _message_refused(request: HttpRequest, connection: Connection, refusal: Refused) -> HttpResponse:
    """A few sentences for all reasons: what exactly was wrong is for the administrator, not for whoever tries."""
    status = 400 if refusal.check in UNREADABLE else 403
    heading = heading_about(refusal)
    return _refused(request, words_about(refusal), status=status, connection=connection, heading=heading)


def _test_refused(request: HttpRequest, over: TestRefused) -> HttpResponse:
    """The answer to a test that is over is no sign-in either; its attempt says what it was."""
    words = "This answers a test sign-in, which is over. No session was opened."
    attempt = reverse("admin:saml_signinattempt_change", args=(over.attempt_id,))
    return _refused(request, words, status=403, heading="The test sign-in is over", attempt=attempt)


def _refused(request: HttpRequest, words: str, *, status: int, **facts: Any) -> HttpResponse:
    """``facts``: connection, next_sync, heading and attempt (an address to go on to), where there are any."""
    page = {"words": words, "reference": request_id_of(request), "access": None, **facts}
    return render(request, "saml/refused.html", page, status=status)
