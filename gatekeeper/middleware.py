"""The middleware stack. Browsers get sessions, CSRF and CSP; machines (SCIM, health, API tokens) get none of it.

A machine's request carries its own key, so the browser's machinery could only cost time there, or answer in HTML; a
cookie beside a key is not read. Each class below is the stock one that steps aside for such requests.
"""

import re
from contextlib import suppress
from ipaddress import ip_address
from time import perf_counter
from typing import Any, cast

import structlog
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django_structlog.middlewares import RequestMiddleware

from gatekeeper.directory.models import User
from gatekeeper.directory.people.language import chosen_language
from gatekeeper.runtime.database_limits import REQUEST, limited
from gatekeeper.runtime.logging import without_own_secrets
from gatekeeper.secrets.bearer_keys import bearer_credentials
from gatekeeper.sessions.browser_session import BrowserSessionMiddleware

API_PATH = "/api/v1/"
SIGN_IN_PATHS = frozenset({"/sign-in/", "/sign-in/code/", "/sign-in/connection/"})
LARGEST_SIGN_IN_FORM = 16 * 1024  # bytes
# The clipboard, and passkeys, are used on our own pages; everything else on none.
_USED = ("clipboard-read", "clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
_UNUSED = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS_POLICY = ", ".join([*(f"{name}=(self)" for name in _USED), *(f"{name}=()" for name in _UNUSED)])
SCIM_PATH = "/scim/v2"  # as a prefix: SCIM answers misspellings below it too
HEALTH_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
NOTHING_ALLOWED = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# Commands of an identity provider, beside the addresses of a connection that browsers use.
_COMMANDS = re.compile(r"/saml/[0-9a-f-]{36}/(global-token-revocation|security-events)$")


def is_for_machines(request: HttpRequest) -> bool:
    """Whether no browser ever comes here (SCIM, health, commands of identity providers), or a token is sent."""
    path = request.path_info
    return path.startswith(SCIM_PATH) or path in HEALTH_PATHS or bool(_COMMANDS.match(path)) or _brings_a_token(request)


def is_for_programs(request: HttpRequest) -> bool:
    """Whether the answer is read by a program: the machines' paths, and all of the management API."""
    return request.path_info.startswith(API_PATH) or is_for_machines(request)


def _brings_a_token(request: HttpRequest) -> bool:
    """Whether the management API will judge this request by its bearer token, and by nothing else."""
    if not request.path_info.startswith(API_PATH):
        return False
    return bearer_credentials(request.headers.get("Authorization", "")) is not None


class _BrowserOnly:
    get_response: Any  # each base class below types it in its own way

    def __call__(self, request: HttpRequest) -> Any:
        if is_for_machines(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class PermissionsPolicy:
    """What no page of this site needs is off, in frames and scripts too; on every response, a machine's as well."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        return response


class NotCached:
    """Neither browsers nor proxies keep what says nothing about it: only static files are for everybody.

    Pages say more of their own; answers of SCIM and the API hold people's data, and refusals may be about them.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class ClientAddress:
    """With https a proxy is in front, and REMOTE_ADDR would be its own: it becomes the address that the proxy names.

    That is the last one of X-Forwarded-For; what stands before it came with the request and may be anything.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if settings.SECURE_PROXY_SSL_HEADER:
            named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
            with suppress(ValueError):
                request.META["REMOTE_ADDR"] = str(ip_address(named))
        return self.get_response(request)


class DatabaseLimits:
    """What a request asks the database may take seconds, not minutes."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        with limited(REQUEST):
            return self.get_response(request)


class BrowserSessions(_BrowserOnly, SessionMiddleware):
    """django.contrib.sessions, for browsers."""


class BrowserLanguage(LocaleMiddleware):
    """The language of a page: the one of ``LANGUAGES`` that the browser prefers. Programs get ``LANGUAGE_CODE``."""

    def __call__(self, request: HttpRequest) -> Any:
        """The thread serves a machine next, whose answers and stored texts are in ``LANGUAGE_CODE``."""
        if is_for_programs(request):
            return self.get_response(request)
        try:
            return super().__call__(request)
        finally:
            translation.deactivate()


class BrowserCommon(_BrowserOnly, CommonMiddleware):
    """Host check and APPEND_SLASH, for browsers: SCIM must never be redirected, Entra does not follow."""

    def __call__(self, request: HttpRequest) -> Any:
        """Machines still need a Content-Length, or gunicorn would answer in chunks."""
        response = super().__call__(request)
        if not response.streaming and not response.has_header("Content-Length"):
            response.headers["Content-Length"] = str(len(response.content))
        return response


class BrowserCsrf(_BrowserOnly, CsrfViewMiddleware):
    """CSRF tokens, for browsers."""

    def process_view(self, request: HttpRequest, callback: Any, callback_args: Any, callback_kwargs: Any) -> Any:
        """Skip the check where no cookie is ever read."""
        if is_for_machines(request):
            return None
        return super().process_view(request, callback, callback_args, callback_kwargs)


class BrowserAuthentication(_BrowserOnly, AuthenticationMiddleware):
    """request.user, for browsers."""


class BrowserMessages(_BrowserOnly, MessageMiddleware):
    """Flash messages, for browsers."""


class ContentSecurityPolicy(_BrowserOnly, CSPMiddleware):
    """Content-Security-Policy: the pages' own; a machine's answer may do nothing at all in a browser."""

    def __call__(self, request: HttpRequest) -> Any:
        """The pages' policy is the library's; the other one is a constant."""
        response = super().__call__(request)
        response.headers.setdefault("Content-Security-Policy", NOTHING_ALLOWED)
        return response


class BrowserAccess(_BrowserOnly, BrowserSessionMiddleware):
    """Ends the session of whoever may no longer sign in, for browsers."""


class ChosenLanguage:
    """The language that the signed-in person chose on their own page, whatever the browser prefers."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if getattr(request, "access", None) is not None and not is_for_programs(request):
            chosen = chosen_language(cast(User, request.user))
            if chosen:
                translation.activate(chosen)
        return self.get_response(request)


class SignInForms:
    """Forms that need no sign-in hold a name and a password; a larger body is refused before it is parsed."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info in SIGN_IN_PATHS and _content_length(request) > LARGEST_SIGN_IN_FORM:
            return HttpResponse("The form is too large.\n", status=413, content_type="text/plain; charset=utf-8")
        return self.get_response(request)


def _content_length(request: HttpRequest) -> int:
    stated = request.META.get("CONTENT_LENGTH") or "0"
    return int(stated) if stated.isdecimal() else 0


class RequestLog(RequestMiddleware):
    """One log line a request with its id, which is also ``request.request_id`` and the X-Request-ID header.

    It has ``duration_ms`` (until the answer, or its first byte, is handed on), ``bytes`` (of the body before it is
    compressed; null where it is sent while it is made), ``user_id`` and ``credential_id``, where there are any.
    """

    def prepare(self, request: HttpRequest) -> None:
        """Give the request its id before anything else happens."""
        super().prepare(request)
        request.request_id = structlog.contextvars.get_contextvars()["request_id"]  # type: ignore[attr-defined]
        request.arrived = perf_counter()  # type: ignore[attr-defined]

    def process_got_request_exception(self, sender: type[Any], request: HttpRequest, **kwargs: Any) -> None:
        """A request that failed in a way that nobody foresaw has its line here, with the traceback."""
        _bind_measured(request)
        super().process_got_request_exception(sender, request, **kwargs)

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """Name the id to the client, so that a report from outside can be found in the log."""
        _bind_measured(request, bytes=None if response.streaming else len(response.content))
        super().handle_response(request, response)
        response.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Method and path; a query string may hold a SAML message or a name, the path of a set-up link its token."""
        return without_own_secrets(f"{request.method} {request.path}")


def _bind_measured(request: HttpRequest, **values: Any) -> None:
    """What is known of a request at its end, for its line."""
    credential_id = getattr(request, "credential_id", None)
    if credential_id is not None:
        values["credential_id"] = str(credential_id)
    arrived = getattr(request, "arrived", None)  # what fails before it is noted has no duration
    if arrived is not None:
        values["duration_ms"] = round((perf_counter() - arrived) * 1000, 1)
    structlog.contextvars.bind_contextvars(**values)
