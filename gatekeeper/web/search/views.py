"""The results page, which works without scripts, and the options below the field in the head of each page."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from gatekeeper.web.framework.permissions import access_of_request, may_search, only
from gatekeeper.web.search.everywhere import BELOW_THE_FIELD, ON_THE_PAGE, Most, search_everywhere
from gatekeeper.web.search.options import cleaned, is_reference


@require_safe
@only(may_search)
def search(request: HttpRequest) -> HttpResponse:
    """The page with all that was found."""
    return render(request, "web/search/results.html", _found(request, ON_THE_PAGE))


@require_safe
@only(may_search)
def options(request: HttpRequest) -> HttpResponse:
    """The best of it, as a part of a page, for the script of the field."""
    return render(request, "web/search/_options.html", _found(request, BELOW_THE_FIELD))


def _found(request: HttpRequest, most: Most) -> dict[str, Any]:
    text, access = cleaned(request.GET.get("q", "")), access_of_request(request)
    sections = search_everywhere(text, access, most) if access else ()
    return {
        "searched": text,
        "sections": sections,
        "number": sum(len(section.options) for section in sections),
        "is_reference": is_reference(text),
    }
