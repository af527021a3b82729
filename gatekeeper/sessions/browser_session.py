"""Browser sessions: Django's session is tied to a ``SignIn``, and each request checks whether that is still open.

Both ways of signing in (SAML, local password) open a session here, and nothing else does.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.contrib.auth.hashers import check_password, make_password
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.loaders import facts_of
from gatekeeper.directory.access.resolver import Access, effective_access
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import SessionEnd, SignIn, User
from gatekeeper.directory.sessions.limits import end_overdue, first_limit, lasting_limit, note_activity
from gatekeeper.directory.sessions.open_sessions import end_sign_in, renew_sign_in
from gatekeeper.sessions.facts_of_request import note_facts

SESSION_KEY = "sign_in_id"
CARRIED = "signing_in_again"  # what a page left in the session of somebody who has to sign in again before it goes on
BACKEND = "gatekeeper.sessions.browser_session.DirectoryBackend"
_IN_BACKGROUND = "asks_in_background"

GetResponse = Callable[[HttpRequest], HttpResponse]
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class DirectoryBackend:
    """Django's authentication backend: local administrators by e-mail and password, everybody by their open session."""

    def authenticate(
        self, request: HttpRequest | None, email: str | None = None, password: str | None = None, **_: object
    ) -> User | None:
        """The active local administrator with this e-mail and password, or None. An unknown e-mail takes as long."""
        if email is None or password is None:
            return None
        user = User.objects.local().filter(user_name_folded=fold(email), active=True).first()
        if user is None:
            make_password(password)
            return None
        return user if check_password(password, user.password) else None

    def get_user(self, user_id: Any) -> User | None:
        return User.objects.live().filter(pk=user_id).first()

    def has_perm(self, user: User, perm: str, obj: object = None) -> bool:
        return False


def local_administrator(request: HttpRequest, email: str, password: str) -> User | None:
    """Check a local administrator's password. Nothing is counted here: see ``configuration.local_proof``."""
    user = authenticate(request, email=email, password=password)
    return user if isinstance(user, User) else None


def open_browser_session(request: HttpRequest, user: User, sign_in: SignIn) -> None:
    """Make this browser the one that ``sign_in`` is about. The session key is rotated, whatever it was before.

    The session that it was before ends; of its content only ``CARRIED`` stays, and only for the same person.
    """
    before, carried = request.session.get(SESSION_KEY), request.session.get(CARRIED)
    same_person = request.user == user
    request.session.flush()
    login(request, user, backend=BACKEND)
    request.session[SESSION_KEY] = str(sign_in.id)
    # The cookie and Django's own row end with the session; what ends it earlier is looked at on each request.
    request.session.set_expiry(lasting_limit(sign_in).at)
    if before:
        end_sign_in(UUID(before), actor=Actor.person(user), because=SessionEnd.REPLACED)
    if carried and same_person:
        request.session[CARRIED] = carried


def renew_browser_session(request: HttpRequest) -> None:
    """Note that the signed-in person has authenticated again, and rotate the session key.

    It does not extend the session: its maximum counts from when it was opened.
    """
    renew_sign_in(UUID(request.session[SESSION_KEY]), actor=Actor.person(cast(User, request.user)))
    request.session.cycle_key()


def close_browser_session(request: HttpRequest, because: SessionEnd = SessionEnd.SIGNED_OUT) -> None:
    """End this browser's session, here and in the list of open sessions."""
    sign_in_id = request.session.get(SESSION_KEY)
    user = request.user
    if sign_in_id and isinstance(user, User):
        end_sign_in(UUID(sign_in_id), actor=Actor.person(user), because=because)
    logout(request)


def current_sign_in(request: HttpRequest) -> SignIn | None:
    """The open session of this browser; None when it has none or it was ended elsewhere."""
    sign_in_id = request.session.get(SESSION_KEY)
    if not sign_in_id:
        return None
    return SignIn.objects.live().filter(pk=sign_in_id).first()


def in_background(view: View) -> View:
    """Decorator, above all others: a page asks this address by itself, so asking is no activity of the person."""
    setattr(view, _IN_BACKGROUND, True)
    return view


class BrowserSessionMiddleware:
    """Set ``request.access`` and ``request.sign_in`` (None for unauthenticated clients), and end overdue sessions.

    Access is derived in each request, so a revocation needs no message to reach a session. A request counts as activity
    when it was routed to a page and passed the checks before it, such as the one of CSRF.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.sign_in = None  # type: ignore[attr-defined]
        request.access = self._access(request)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any) -> None:
        """Note that the person does something."""
        sign_in: SignIn | None = getattr(request, "sign_in", None)
        if sign_in is not None and not getattr(view, _IN_BACKGROUND, False):
            note_activity(sign_in)

    def _access(self, request: HttpRequest) -> Access | None:
        if SESSION_KEY not in request.session:
            return None
        sign_in = SignIn.objects.filter(pk=request.session[SESSION_KEY]).first()
        user = request.user
        if sign_in is None or not user.is_authenticated:
            logout(request)
            return None
        if ended := _ended(sign_in):
            logout(request)
            messages.info(request, _("Your session has ended: %(reason)s.") % {"reason": ended.label})
            return None
        person, facts = facts_of(user, ())
        access = effective_access(person, facts)
        if not access.can_sign_in:
            close_browser_session(request, SessionEnd.LOST_ACCESS)
            return None
        request.sign_in = sign_in  # type: ignore[attr-defined]
        note_facts(request, facts)
        return access


def _ended(sign_in: SignIn) -> SessionEnd | None:
    """Why this session is over; None while it holds."""
    if sign_in.until is not None:
        return SessionEnd(sign_in.ended_because or SessionEnd.SIGNED_OUT)
    now, limit = timezone.now(), first_limit(sign_in)
    if now < limit.at:
        return None
    end_overdue(SignIn.objects.filter(pk=sign_in.pk), now)
    return limit.reason
