"""The pages that say that somebody was not signed in, and what is true after a sign-out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from gatekeeper.directory.access.resolver import Blocked
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.errors import SignInRefused
from gatekeeper.sessions.request_details import request_id_of
from saml.errors import MessageRefused
from saml.models import Connection
from saml.refusals.pages import SignedOut, heading_about, key_unreadable, text_about, texts_of_a_test_that_is_over
from saml.sign_on import TestRefused

_UNREADABLE = frozenset({"arrives", "encoding", "xml"})


def message_refused_page(request: HttpRequest, connection: Connection, refusal: MessageRefused) -> HttpResponse:
    """A few sentences for all reasons: what exactly was wrong is for the administrator, not for whoever tries."""
    status = 400 if refusal.check in _UNREADABLE else 403
    heading = heading_about(refusal)
    return _refused_page(request, text_about(refusal), status=status, connection=connection, heading=heading)


def person_refused_page(request: HttpRequest, connection: Connection, refusal: SignInRefused) -> HttpResponse:
    """The message is good, but the person may not sign in (yet)."""
    waits = refusal.code == Blocked.AWAITING_SAML_SYNC.value
    sync = timezone.localtime(next_sync(timezone.now())) if waits else None
    return _refused_page(request, refusal.on_page, status=403, connection=connection, next_sync=sync)


def test_refused_page(request: HttpRequest, over: TestRefused) -> HttpResponse:
    """The answer to a test sign-in that is over signs nobody in; the page leads to its attempt."""
    heading, text = texts_of_a_test_that_is_over()
    attempt = reverse("admin:saml_signinattempt_change", args=(over.attempt_id,))
    return _refused_page(request, text, status=403, heading=heading, attempt=attempt)


def key_unreadable_page(request: HttpRequest) -> HttpResponse:
    """Our private key cannot be read: only an operator can mend that."""
    return _refused_page(request, key_unreadable(), status=503)


def signed_out_page(
    request: HttpRequest, outcome: SignedOut, *, status: int = 200, reference: str = ""
) -> HttpResponse:
    """What is true after a sign-out, or after a sign-out message that was refused."""
    page = {"outcome": outcome, "reference": reference, "access": None}
    return render(request, "saml/signed_out.html", page, status=status)


def _refused_page(request: HttpRequest, text: str, *, status: int, **facts: Any) -> HttpResponse:
    """``facts``: connection, next_sync, heading and attempt (an address to go on to), where there are any."""
    page = {"text": text, "reference": request_id_of(request), "access": None, **facts}
    return render(request, "saml/refused.html", page, status=status)
