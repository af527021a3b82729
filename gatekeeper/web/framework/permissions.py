"""May this person open this page? Decided from effective access, which the session middleware put on the request."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.models import SignIn, User
from gatekeeper.sessions.browser_session import CARRIED

FRESH_FOR = timedelta(minutes=30)

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


class AccessRefused(PermissionDenied):
    """The page exists, and this person may not open it. The message says what it would take."""


def access_of_request(request: HttpRequest) -> Access | None:
    """The effective access of who is signed in; None when nobody is."""
    return cast(Access | None, getattr(request, "access", None))


def person_of(request: HttpRequest) -> User:
    """Who is signed in. Only for views behind a guard."""
    return cast(User, request.user)


def sign_in_of(request: HttpRequest) -> SignIn | None:
    """The session of this browser, as the middleware found it."""
    return cast(SignIn | None, getattr(request, "sign_in", None))


def actor_of(request: HttpRequest) -> Actor:
    """The actor that services record for what is done on a page."""
    return Actor.person(person_of(request), channel="pages", request_id=getattr(request, "request_id", ""))


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may open a page. ``allows`` asks the effective access; ``needed`` says what it takes, ``who`` has it."""

    allows: Callable[[Access], bool]
    needed: StrOrPromise
    who: StrOrPromise = ""

    def __call__(self, access: Access | None) -> bool:
        """Whether it lets in who has this access; nobody who is not signed in."""
        return access is not None and self.allows(access)


may_configure = Rule(
    lambda access: access.can_configure,
    gettext_lazy("Settings need the level Global Administrator together with the Configuration permission."),
    gettext_lazy("a Global Administrator with the Configuration permission"),
)
may_read_people = Rule(
    lambda access: access.can_read_people,
    gettext_lazy("The list of people needs the Users permission, at the level Global Administrator."),
    gettext_lazy("a Global Administrator with the Users permission"),
)
may_read_logs = Rule(
    lambda access: access.can_read_logs,
    gettext_lazy("The logs need the History permission."),
    gettext_lazy("somebody with the History permission"),
)
may_read_reports = Rule(
    lambda access: access.can_read_reports, gettext_lazy("Who had what needs the History or the Reports permission.")
)
may_search = Rule(
    lambda access: access.can_read_people or access.can_read_reports,
    gettext_lazy("Search needs the Users, the History or the Reports permission."),
)
may_use_api = Rule(lambda access: access.can_use_api, gettext_lazy("API tokens need the API permission."))
is_signed_in = Rule(lambda _: True, gettext_lazy("This page needs you to be signed in."))


def viewer_may(request: HttpRequest, rule: Rule) -> bool:
    """Whether the rule lets in who looks at this page."""
    return rule(access_of_request(request))


def require(request: HttpRequest, rule: Rule) -> HttpResponseBase | None:
    """Check a rule: None when it holds, a redirect to the sign-in page for who is not signed in.

    Raises: AccessRefused, whose text says what the page needs.
    """
    access = access_of_request(request)
    if access is None:
        return redirect_to_login(request.get_full_path())
    if not rule(access):
        raise AccessRefused(rule.needed)
    return None


class Fresh(Enum):
    """When a page wants a sign-in that is at most ``FRESH_FOR`` old (step-up).

    Whatever changes something wants one, so a page that nobody thought about is safe. NEVER is for what only ends
    sessions or tokens, writes nothing, or asks for the password itself.
    """

    FOR_CHANGES = "changes"
    ALWAYS = "always"
    NEVER = "never"


SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def only(
    rule: Rule, *, fresh: Fresh = Fresh.FOR_CHANGES, back: str = "", keep: Sequence[str] = ()
) -> Callable[[View[P]], View[P]]:
    """Decorator: open the view only to whom ``rule`` lets in, and change something only after a fresh sign-in.

    ``back`` names the page with the form or button, where that is not the view's own address. ``keep``: the fields
    of a form that came too late; the page finds them by ``take_carried_form``. Pages behind it are never kept by a
    cache.
    """

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            answer = require(request, rule)
            if answer is None and _is_too_late(request, fresh):
                answer = sign_in_again_first(request, back=_address(back, kwargs.values()), keep=keep)
            answer = answer or view(request, *args, **kwargs)
            answer.headers.setdefault("Cache-Control", "no-store")
            return answer

        return cast(View[P], guarded)

    return guard


def _is_too_late(request: HttpRequest, fresh: Fresh) -> bool:
    if fresh is Fresh.NEVER or (fresh is Fresh.FOR_CHANGES and request.method in SAFE_METHODS):
        return False
    return not is_fresh(request)


def _address(name: str, arguments: Iterable[object]) -> str:
    """The address of the page of that name, which takes no arguments or the view's own."""
    if not name:
        return ""
    try:
        return reverse(name)
    except NoReverseMatch:
        return reverse(name, args=list(arguments))


def is_fresh(request: HttpRequest) -> bool:
    """Whether who is signed in has proven a short while ago who they are."""
    sign_in = sign_in_of(request)
    return sign_in is not None and timezone.now() - sign_in.proven_at < FRESH_FOR


def sign_in_again_first(request: HttpRequest, *, back: str = "", keep: Sequence[str] = ()) -> HttpResponseBase:
    """Redirect to signing in again (a script gets the address as JSON); nothing of what was asked for has happened."""
    back = back or request.get_full_path()
    form = QueryDict(mutable=True)
    for name in keep:
        form.setlist(name, request.POST.getlist(name))
    request.session[CARRIED] = {"back": back, "posted": request.method == "POST", "form": form.urlencode()}
    address = f"{reverse('web:sign_in_again')}?{urlencode({'next': back})}"
    if wants_json(request):
        refusal = {"message": _("Not saved: sign in again first."), "sign_in_again": address}
        return JsonResponse(refusal, status=HTTPStatus.FORBIDDEN)
    return redirect(address)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script of the page asks, which could not follow a redirect to another page."""
    return "application/json" in request.headers.get("Accept", "")
