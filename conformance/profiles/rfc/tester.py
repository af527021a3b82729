"""The checks of scim2-tester, each of them a test: it is run once, with our connection and its limits."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
from scim2_client import BaseSyncSCIMClient
from scim2_models import Error
from scim2_tester import Status, check_server
from scim2_tester.utils import CheckResult

from conformance.http.exchange import Call, Reply
from conformance.profiles.rfc.fillable import emptied_schemas, without_what_it_cannot_fill
from conformance.profiles.rfc.profile import RFC
from conformance.profiles.rfc.whole_lists import MOST_PAGES, with_all_pages
from conformance.suite.server import Server
from conformance.suite.trial import Skipped, Trial
from entra_client.protocol.transport import NoAnswer

TESTS = RFC.part(6)
NAME = "scim2-tester"
_GOOD = (Status.SUCCESS, Status.COMPLIANT, Status.ACCEPTABLE)
_MOST_REASONS = 5
_DELETED, _GONE = 204, 404
# On a server with more resources than are read the one that was made may be on a later page.
_NOT_ON_THE_PAGE = re.compile(r"could not find .* in (filtered results|list response)", re.IGNORECASE)
# Its checks by their titles, with the clause that each of them names.
CHECKS: Mapping[str, str] = {
    "service_provider_config_endpoint": "RFC 7643 §5",
    "service_provider_config_endpoint_methods": "RFC 7644 §4",
    "query_all_resource_types": "RFC 7644 §4",
    "query_resource_type_by_id": "RFC 7644 §4",
    "access_invalid_resource_type": "RFC 7644 §3.12",
    "resource_types_endpoint_methods": "RFC 7644 §4",
    "resource_types_schema_validation": "RFC 7643 §6",
    "query_all_schemas": "RFC 7644 §4",
    "access_schema_by_id": "RFC 7644 §4",
    "access_invalid_schema": "RFC 7644 §3.12",
    "schemas_endpoint_methods": "RFC 7644 §4",
    "random_url": "RFC 7644 §3.12",
    "object_creation": "RFC 7644 §3.3",
    "object_query": "RFC 7644 §3.4.1",
    "object_query_without_id": "RFC 7644 §3.4.2",
    "object_query_with_attributes": "RFC 7644 §3.9",
    "object_list_with_attributes": "RFC 7644 §3.4.2.5",
    "search_with_attributes": "RFC 7644 §3.4.3",
    "object_replacement": "RFC 7644 §3.5.1",
    "object_deletion": "RFC 7644 §3.6",
    "check_add_attribute": "RFC 7644 §3.5.2.1",
    "check_remove_attribute": "RFC 7644 §3.5.2.2",
    "check_replace_attribute": "RFC 7644 §3.5.2.3",
}


class _Client(BaseSyncSCIMClient):
    """scim2-client on our connection."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self.replies: list[Reply] = []
        self._deleted: set[str] = set()

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send what scim2-client has made ready. Raises: httpx.TransportError without an answer."""
        prepared = httpx.Request(method, f"http://target{url}", **options)
        if method == "DELETE" and url in self._deleted:
            # After each check it deletes everything that it ever made; the server is spared the repetition.
            return httpx.Response(_GONE, request=prepared)
        body = options.get("json")
        if method == "POST" and isinstance(body, dict) and body.get("active") is True:
            # Its people are made at random; inactive ones are granted and lose nothing, as in the other tests.
            body = {**body, "active": False}
        call = Call(
            method=method,
            path=url,
            query=prepared.url.query.decode(),
            body=body,
            headers={name: value for name, value in prepared.headers.items() if name in ("if-match", "if-none-match")},
        )
        try:
            reply = with_all_pages(self._server.send, call, self._server.send(call))
            reply = self._fillable(reply) if url.startswith(("/Schemas", "/ResourceTypes")) else reply
        except NoAnswer as problem:
            raise httpx.TransportError(str(problem)) from problem
        self.replies.append(reply)
        self._deleted |= {url} if method == "DELETE" and reply.status in (_DELETED, _GONE) else set()
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.content, request=prepared)

    def _fillable(self, reply: Reply) -> Reply:
        document = _json_of(reply)
        if document is None:
            return reply
        emptied = self._server.once(f"{NAME}: emptied", self._emptied)
        return replace(reply, content=json.dumps(without_what_it_cannot_fill(document, emptied)).encode())

    def _emptied(self) -> set[str]:
        schemas = _json_of(self._server.send(Call(method="GET", path="/Schemas")))
        found = schemas.get("Resources") if isinstance(schemas, dict) else None
        return emptied_schemas(found if isinstance(found, list) else ())

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return not endpoint.startswith("http")

    def _parse_json(self, response: Any) -> Any:
        return response.json()


def _json_of(reply: Reply) -> Any:
    try:
        return json.loads(reply.content)
    except ValueError:
        return None


def _ask(trial: Trial, title: str) -> None:
    """Fail for the results of this title that are no success; skip where the check was not reached."""
    results = [each for each in _results(trial.server) if each.title == title]
    if not results:
        raise Skipped("scim2-tester did not come to this check, since discovery failed before.")
    bad = [each for each in results if each.status not in _GOOD]
    if bad and all(each.status is Status.SKIPPED or _is_beyond_a_page(trial, each) for each in bad):
        raise Skipped(f"{NAME}: {bad[0].reason}")
    bad = [each for each in bad if each.status is not Status.SKIPPED]
    if bad:
        _show_exchange(trial, bad[0])
        trial.fail(f"{NAME}: {'; '.join(_reason(each) for each in bad[:_MOST_REASONS])}"[:2000])


def _show_exchange(trial: Trial, result: CheckResult) -> None:
    """Its results have no request: the check is repeated alone, and stops where it fails."""
    client = _Client(trial.server)
    kinds = [result.resource_type] if result.resource_type else None
    with suppress(Exception):  # it fails, that is why it is repeated
        check_server(client, raise_exceptions=True, include_tags=set(result.tags) - {"*"}, resource_types=kinds)
    # What the check has made is deleted at its end, which is not what failed.
    failed = [each for each in client.replies if each.request.method != "DELETE" or each.status >= 400]
    if failed:
        trial.show(failed[-1])


def _is_beyond_a_page(trial: Trial, result: CheckResult) -> bool:
    if not _NOT_ON_THE_PAGE.search(result.reason or ""):
        return False
    listings = [trial.get_listing(path, "") for path in {"/Users", f"/{result.resource_type}s"}]
    return any(each["totalResults"] > MOST_PAGES * max(len(each["Resources"]), 1) for each in listings)


def _results(server: Server) -> list[CheckResult]:
    """All results, of one run."""

    def run() -> list[CheckResult]:
        server.play_as(NAME)
        return check_server(_Client(server))

    return server.once(NAME, run)


def _reason(result: CheckResult) -> str:
    answered = result.data.detail if isinstance(result.data, Error) else ""
    kind = f"{result.resource_type}: " if result.resource_type else ""
    return f"{kind}{result.reason}{f' ({answered})' if answered else ''}"


def _asking(title: str) -> Callable[[Trial], None]:
    def play(trial: Trial) -> None:
        _ask(trial, title)

    return play


for _title, _clause in CHECKS.items():
    TESTS.test(f"{NAME}: {_title}", _clause)(_asking(_title))


@TESTS.test(f"{NAME}: every other check", "RFC 7643, RFC 7644")
def other_checks(trial: Trial) -> None:
    """Checks of a version of scim2-tester that has more than are listed here, and discovery as a whole."""
    bad = [each for each in _results(trial.server) if each.title not in CHECKS and each.status not in _GOOD]
    bad = [each for each in bad if each.status is not Status.SKIPPED]
    if bad:
        _show_exchange(trial, bad[0])
    trial.expect(not bad, f"{NAME}: {'; '.join(f'{each.title}: {_reason(each)}' for each in bad[:_MOST_REASONS])}")
