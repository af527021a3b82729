"""Which answers are compressed, for clients that accept gzip: pages by name, and lists over SCIM.

The length of a compressed answer says something of what is in it. Somebody who can make a browser ask again and again,
with guesses in the address, and who sees the lengths, could so guess a secret of the page (the BREACH attack). So pages
are compressed that show no secret: never those on which a key, a code or a password is shown or typed, nor the forms
that carry SAML messages, nor any answer to a POST. The token against cross-site requests is masked anew in each answer,
and each compressed page has a random length more (Django's ``compress_string``).

The management API is not compressed: a session opens it too. Static files are compressed when they are collected.
"""

import gzip
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

SHORTEST: Final = 1_000  # bytes; shorter ones are one packet anyway
_SCIM_LEVEL = 3  # half the time of 6, for a tenth more bytes

PAGES: Final = frozenset(
    {
        "admin:audit_auditentry_change",
        "admin:audit_auditentry_changelist",
        "admin:audit_provisioningentry_change",
        "admin:audit_provisioningentry_changelist",
        "admin:directory_idpgroup_changelist",
        "admin:directory_user_changelist",
        "admin:saml_signinattempt_changelist",
        "admin:saml_syncrun_change",
        "admin:saml_syncrun_changelist",
        "web:add_oauth_client",
        "admin:scim_tokenrequest_changelist",
        "web:as_code",
        "web:credential",
        "web:custom_attributes",
        "web:default_mapping",
        "web:deprovisioning_limits",
        "web:fallback_people",
        "web:group_mapping",
        "web:group_users",
        "web:home",
        "web:overview",
        "web:person",
        "web:remove_custom_attribute",
        "web:retention",
        "web:scim",
        "web:scim_limits",
        "web:search",
        "web:search_options",
        "web:team",
        "web:team_people",
        "web:teams",
        "web:undo",
        "web:what_if",
        "web:who_had",
    }
)
SCIM_LISTS: Final = frozenset({"scim:users", "scim:groups", "scim:root", "scim:search", "scim:users-search",
                               "scim:groups-search"})  # fmt: skip


class Compression:
    """Compresses whole answers of these kinds; outside of whatever writes into them."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        response = self.get_response(request)
        if response.status_code != 200 or response.streaming or response.has_header("Content-Encoding"):
            return response
        is_list, is_page = _is_scim_list(request, response), _is_open_page(request, response)
        if not (is_list or is_page):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if len(response.content) >= SHORTEST and _accepts_gzip(request):
            content = response.content
            packed = compress_string(content, max_random_bytes=100) if is_page else gzip.compress(content, _SCIM_LEVEL)
            response.content = packed
            response.headers["Content-Length"] = str(len(packed))
            response.headers["Content-Encoding"] = "gzip"
        return response


def _is_open_page(request: HttpRequest, response: HttpResponse) -> bool:
    is_read = request.method in ("GET", "HEAD")
    return is_read and _name(request) in PAGES and response.headers["Content-Type"].startswith("text/html")


def _is_scim_list(request: HttpRequest, response: HttpResponse) -> bool:
    """A ListResponse or a refusal, in which there is no secret; an ETag is of one resource, which stays as it is."""
    match = request.resolver_match
    return match is not None and match.view_name in SCIM_LISTS and not match.kwargs and not response.has_header("ETag")


def _name(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def _accepts_gzip(request: HttpRequest) -> bool:
    """RFC 9110 §12.5.3: gzip is named, or everything is, and not with the weight 0."""
    weights = {}
    for each in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, parameters = each.partition(";")
        weights[coding.strip()] = parameters.replace(" ", "").partition("q=")[2] or "1"
    weight = weights.get("gzip", weights.get("*", "0"))
    try:
        return float(weight) > 0
    except ValueError:
        return False
