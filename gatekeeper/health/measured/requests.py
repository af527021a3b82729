"""Middleware that measures each request by the name of its address, its status and its credential."""

from time import perf_counter
from typing import Any

from django.http import HttpRequest

from gatekeeper.health.measured.counting import Key, Kind, measure

MOST_CREDENTIALS = 100  # that a process names one by one
UNMATCHED, OTHER = "unmatched", "other"
_SCIM = "scim:"

_named: set[str] = set()


class RequestMetrics:
    """Until the answer, or its first byte, is handed on. Costs a millionth of a second and no statement."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        began = perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = match.view_name if match and match.view_name else UNMATCHED
        measure(
            Key(Kind.REQUEST, route[:100], str(response.status_code), _credential(request, route)),
            perf_counter() - began,
        )
        return response


def _credential(request: HttpRequest, route: str) -> str:
    """The id of a SCIM credential. Each person may have API tokens and sessions, so those are named by their kind."""
    credential = getattr(request, "credential_id", None)
    if credential is None:
        return "session" if getattr(request, "access", None) is not None else ""
    if not route.startswith(_SCIM):
        return "api_token"
    name = str(credential)
    if name not in _named:
        if len(_named) >= MOST_CREDENTIALS:
            return OTHER
        _named.add(name)
    return name
