"""A list with all of its pages: scim2-tester looks on the first one only, where a large server has other resources."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from conformance.http.exchange import Call, Reply

MOST_PAGES = 60  # what is beyond them is skipped, and says so

Send = Callable[[Call], Reply]


def with_all_pages(send: Send, call: Call, first: Reply) -> Reply:
    """``first``, the answer to ``call``, with the resources of the pages that follow it (RFC 7644 §3.4.2.4).

    Unchanged when it is no list, when the call itself asks for a page, or when the list is longer than is read.
    """
    listing = _listing(first)
    if listing is None or not _is_first_page(call, listing):
        return first
    resources, total = list(listing["Resources"]), listing["totalResults"]
    for _ in range(MOST_PAGES):
        if len(resources) >= total:
            whole = {**listing, "Resources": resources, "itemsPerPage": len(resources)}
            return replace(first, content=json.dumps(whole).encode())
        following = _listing(send(_page(call, len(resources) + 1)))
        if following is None or not following["Resources"]:
            return first
        resources += following["Resources"]
    return first


def _is_first_page(call: Call, listing: Mapping[str, Any]) -> bool:
    asked = f"{call.query}{json.dumps(call.body)}" if call.body is not None else call.query
    return "startIndex" not in asked and "count" not in asked and len(listing["Resources"]) < listing["totalResults"]


def _page(call: Call, start: int) -> Call:
    if isinstance(call.body, dict):
        return replace(call, body={**call.body, "startIndex": start})
    return replace(call, query="&".join(filter(None, (call.query, urlencode({"startIndex": start})))))


def _listing(reply: Reply) -> Mapping[str, Any] | None:
    """The ListResponse of an answer, where it is one that can have more pages."""
    if reply.status != 200:
        return None
    try:
        found = json.loads(reply.content)
    except ValueError:
        return None
    is_list = isinstance(found, dict) and isinstance(found.get("Resources"), list)
    total = found.get("totalResults") if is_list else None
    return found if isinstance(total, int) and found["Resources"] else None
