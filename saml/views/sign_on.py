"""Sign-on: the request to the identity provider (SAML profiles 4.1.3.1) and its answer at the ACS (4.1.3.5)."""

from typing import Any
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.identity_linking.sign_in import not_switched_on
from gatekeeper.errors import SealBroken, SignInRefused
from gatekeeper.sessions.browser_session import current_sign_in
from saml.addresses import addresses_of, local_path
from saml.debugger.attempts import Outcome, record_attempt
from saml.errors import MessageRefused
from saml.messages import build, replay_protection
from saml.messages.browser_binding import (
    POSTED_AGAIN,
    browser_token,
    browser_token_or_new,
    set_browser_cookie,
    should_post_again,
)
from saml.messages.sending import OutgoingMessage, post_form_page, redirect_address
from saml.models import Connection, PendingRequest
from saml.refusals.causes import Cause
from saml.refusals.reasons import Reason
from saml.sign_on import TestRefused, Unsolicited, sign_on
from saml.views.connections import connection_or_404, log_unreadable_key, requires_private_key
from saml.views.refusals import (
    key_unreadable_page,
    message_refused_page,
    person_refused_page,
    test_refused_page,
)


@never_cache
@require_GET
@requires_private_key
def sso(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Begin to sign on: remember the request, bind it to this browser, go to the identity provider.

    ``next``: where to go afterwards, a path of this site only. ``force``: the person has to sign in anew there.
    ``test``: run everything, open no session, and show the administrator who asked for it what came of it.
    """
    connection = connection_or_404(connection_id)
    testing = "test" in request.GET
    if testing and (refused := _refuse_test(request)):
        return refused
    return _begin_sign_on(
        request,
        connection,
        purpose="test" if testing else "sign_on",
        relay_path="/" if testing else local_path(request.GET.get("next")),
        forced_at=timezone.now() if "force" in request.GET else None,
    )


@csrf_exempt
@never_cache
@require_POST
@requires_private_key
def acs(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    """Take the identity provider's answer (assertion consumer service, HTTP-POST binding)."""
    connection = connection_or_404(connection_id)
    if "SAMLResponse" not in request.POST:
        refusal = MessageRefused("arrives", Reason.NO_RESPONSE)
        record_attempt(request, connection, Outcome(check=refusal.check, reason=refusal.reason))
        return message_refused_page(request, connection, refusal)
    if should_post_again(request):
        return _post_again(request)
    try:
        landing = sign_on(request, connection, browser=browser_token(request))
    except Unsolicited as unsolicited:
        return _begin_sign_on_instead(request, connection, unsolicited.document)
    except SignInRefused as refusal:
        return person_refused_page(request, connection, refusal)
    except TestRefused as over:
        return test_refused_page(request, over)
    except MessageRefused as refusal:
        return message_refused_page(request, connection, refusal)
    return HttpResponseRedirect(landing.path)


def sign_on_with_hint(
    request: HttpRequest, connection: Connection, *, relay_path: str, login_hint: str
) -> HttpResponse:
    """Begin to sign on for the person who typed ``login_hint``.

    A page, not a redirect, goes on to the identity provider: browsers apply ``form-action`` to redirects of a posted
    form.
    """
    begun = _begin_sign_on(request, connection, relay_path=relay_path)
    if "Location" not in begun.headers:
        return begun
    onward = build.with_login_hint(begun.headers["Location"], login_hint)
    response = render(request, "saml/signing_in.html", {"onward": onward, "connection": connection, "access": None})
    response.cookies.update(begun.cookies)
    return response


def begin_test(request: HttpRequest, connection: Connection, *, landing: str) -> HttpResponse:
    """Begin a test sign-in for somebody who was let do that in another way; ``landing``: the path where it ends."""
    try:
        return _begin_sign_on(request, connection, purpose="test", relay_path=landing)
    except SealBroken as broken:
        log_unreadable_key(connection.id, broken)
        return key_unreadable_page(request)


def _begin_sign_on(
    request: HttpRequest, connection: Connection, *, purpose: str = "sign_on", **facts: Any
) -> HttpResponse:
    if purpose == "sign_on" and connection.test_only:
        return person_refused_page(request, connection, not_switched_on())
    browser = browser_token_or_new(request)
    sign_in = current_sign_in(request)
    pending = replay_protection.remember_request(
        connection, browser=browser, purpose=purpose, replaces=sign_in.pk if sign_in else None, **facts
    )
    message = build.authn_request(
        pending.request_id,
        connection.sso_url,
        addresses_of(connection.id),
        force=pending.forced_at is not None,
    )
    outgoing = OutgoingMessage(
        parameter="SAMLRequest", message=message, to=connection.sso_url, binding=connection.sso_binding
    )
    onward = redirect_address(connection, outgoing)
    if onward is None:
        heading = f"On the way to {connection.name}"
        return set_browser_cookie(post_form_page(request, connection, outgoing, heading=heading), browser)
    return set_browser_cookie(HttpResponseRedirect(onward), browser)


def _refuse_test(request: HttpRequest) -> HttpResponse | None:
    """The answer to somebody who may not begin a test sign-in; None for an administrator who may.

    Whoever is not signed in signs in first and then begins from the list of attempts: ``form-action`` keeps the
    sign-in form from leading on to another site. Raises: PermissionDenied.
    """
    access: Access | None = getattr(request, "access", None)
    if access is None:
        return redirect_to_login(reverse("admin:saml_signinattempt_changelist"))
    if not access.can_configure:
        raise PermissionDenied
    return None


def _begin_sign_on_instead(request: HttpRequest, connection: Connection, document: bytes) -> HttpResponse:
    """Begin an ordinary sign-on in place of an unsolicited response, which is not trusted.

    Entra answers it without asking the person anything. An identity provider that never states InResponseTo would
    send the browser round in circles, so the second unsolicited response in a row is refused.
    """
    circling = PendingRequest.objects.filter(
        connection=connection, browser=replay_protection.digest(browser_token(request)), after_unsolicited=True
    )
    if browser_token(request) and circling.delete()[0]:
        refusal = MessageRefused("unsolicited", Reason.NO_IN_RESPONSE_TO)
        record_attempt(request, connection, Outcome(check=refusal.check, reason=refusal.reason, document=document))
        return message_refused_page(request, connection, refusal)
    record_attempt(
        request,
        connection,
        Outcome(check="unsolicited", cause=Cause.BEGUN_HERE, reason=Reason.BEGUN_HERE, document=document),
    )
    relay_path = local_path(request.POST.get("RelayState"))
    return _begin_sign_on(request, connection, relay_path=relay_path, after_unsolicited=True)


def _post_again(request: HttpRequest) -> HttpResponse:
    """A page of ours that posts the same message again, so that the browser sends the cookie that it kept back.

    Browsers send a ``SameSite=Lax`` cookie only with posts from our own site. ``POSTED_AGAIN`` keeps it to one time.
    """
    fields = {name: request.POST.get(name, "") for name in ("SAMLResponse", "RelayState")} | {POSTED_AGAIN: "yes"}
    page = {"action": "", "fields": fields, "heading": "One moment", "access": None}
    return render(request, "saml/post_form.html", page)
