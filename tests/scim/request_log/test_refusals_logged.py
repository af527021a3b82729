"""Every refusal of a SCIM request is an entry of the provisioning log, whichever layer refused it."""

import gzip
import json

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.audit.models import ProvisioningEntry
from scim.http import views
from scim.protocol.limits import MAX_BODY, MAX_FILTER_TERMS, MAX_OPERATIONS
from tests.scim.conftest import ScimClient

USER = "11111111-1111-4111-8111-111111111111"
GOOD = {"userName": "b@x.com", "displayName": "B", "Operations": []}


def kinds(method):
    """What each layer refuses, as (address, body, headers, statuses)."""
    known = f"/Users/{USER}"
    yield "no key", known, GOOD, {"HTTP_AUTHORIZATION": ""}, {401}
    yield "wrong key", known, GOOD, {"HTTP_AUTHORIZATION": "Bearer gk_wrong"}, {401}
    yield "not acceptable", known, GOOD, {"HTTP_ACCEPT": "text/html"}, {406}
    yield "unknown path", "/nope", GOOD, {}, {404}
    yield "nobody's id", "/Users/no-id", GOOD, {}, {404, 405}
    yield "nobody", known, GOOD, {}, {404, 405}
    yield "NUL in the id", "/Users/a%00b", GOOD, {}, {404, 405}
    yield "surrogate in the id", "/Groups/%ED%A0%80", GOOD, {}, {404, 405}
    yield "very long path", "/Users/" + "x" * 5000, GOOD, {}, {404, 405}
    yield "very long query", f"/Schemas/nope?{'x' * 5000}=%00", GOOD, {}, {404, 405}
    yield "me", "/Me", GOOD, {}, {501}
    if method in ("POST", "PUT", "PATCH"):
        yield from kinds_of_body(method, known)


def kinds_of_body(method, known):
    yield "media type", known if method != "POST" else "/Users", GOOD, {"CONTENT_TYPE": "text/plain"}, {415}
    target = "/Users" if method == "POST" else known
    yield "charset", target, GOOD, {"CONTENT_TYPE": "application/json; charset=latin-1"}, {415}
    yield "coding", target, GOOD, {"HTTP_CONTENT_ENCODING": "br"}, {415}
    yield "too large", target, b" " * (MAX_BODY + 1), {}, {413}
    yield "bomb", target, gzip.compress(b" " * (MAX_BODY + 1)), {"HTTP_CONTENT_ENCODING": "gzip"}, {413}
    yield "broken gzip", target, b"\x1f\x8b", {"HTTP_CONTENT_ENCODING": "gzip"}, {400}
    yield "no JSON", target, b"{", {}, {400}
    yield "no object", target, b"[]", {}, {400}
    yield "no UTF-8", target, b'{"userName": "\xff"}', {}, {400}
    yield "deep", target, b"[" * 900 + b"]" * 900, {}, {400}
    yield "infinite", target, b'{"userName": 1e400}', {}, {400}
    yield "name twice", target, b'{"userName": "a", "userName": "b"}', {}, {400}
    yield "NUL", target, b'{"userName": "\\u0000"}', {}, {400}
    yield "half a pair", target, b'{"userName": "\\ud800"}', {}, {400}
    yield "selection", f"{target}?attributes=emails%5Bx", GOOD, {}, {400}
    yield from kinds_of_operations(method, known)


def kinds_of_operations(method, known):
    if method != "POST":
        yield "precondition", known, GOOD, {"HTTP_IF_MATCH": "nonsense"}, {400}
    if method == "PATCH":
        yield (
            "operations",
            known,
            {"Operations": [{"op": "add", "path": "title", "value": 1}] * (MAX_OPERATIONS + 1)},
            {},
            {413},
        )
        yield "operation", known, {"Operations": [{"op": "x"}]}, {}, {400}
    if method == "POST":
        yield "bulk operations", "/Bulk", {"Operations": [{}] * (MAX_OPERATIONS + 1)}, {}, {413}
        yield "bulk", "/Bulk", {"Operations": 1}, {}, {400}
        yield "search filter", "/Users/.search", {"filter": "x"}, {}, {400}
        yield "search terms", "/.search", {"filter": " or ".join(["title pr"] * (MAX_FILTER_TERMS + 1))}, {}, {400}


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "VERSION-CONTROL", "M" * 60)
CASES = [pytest.param(method, *kind[1:], id=f"{method[:15]} {kind[0]}") for method in METHODS for kind in kinds(method)]


@pytest.mark.parametrize(("method", "path", "body", "headers", "statuses"), CASES)
def test_each_kind_of_refusal_is_one_entry(scim, method, path, body, headers, statuses):
    answer = scim.request(method, path, body, **headers)

    assert answer.status_code in statuses | {405}
    entry = ProvisioningEntry.objects.get()
    document = json.loads(answer.content)
    assert (entry.status, entry.outcome) == (answer.status_code, "failed" if answer.status_code >= 500 else "refused")
    assert entry.detail == document["detail"].replace("\x00", "\N{REPLACEMENT CHARACTER}")[:1000]
    assert entry.method == method[:10]
    assert entry.request_id == answer["X-Request-ID"]
    assert entry.reason
    assert entry.reason == document.get("scimType", entry.reason)


@pytest.mark.parametrize("error", [ZeroDivisionError, RecursionError, MemoryError, OperationalError, UnicodeError])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_failure_of_the_server_is_an_entry_as_well(scim, monkeypatch, error, method):
    def fail(*arguments):
        raise error("secret")

    monkeypatch.setattr(views, "list_page", fail)
    monkeypatch.setattr(views.users, "create", fail)
    answer = scim.request(method, "/Users", GOOD if method == "POST" else None)

    assert answer.status_code in (500, 503)
    entry = ProvisioningEntry.objects.get()
    assert (entry.outcome, entry.reason) == (
        "failed",
        "internal_error" if answer.status_code == 500 else "database_busy",
    )
    assert "secret" not in answer.content.decode()


@pytest.mark.parametrize("status", [409, 412])
def test_what_the_directory_refuses_is_an_entry(scim, status):
    user = scim.user("ada@x.com")
    if status == 409:
        answer = scim.post("/Users", {"userName": "ada@x.com"})
    else:
        answer = scim.delete(f"/Users/{user['id']}", HTTP_IF_NONE_MATCH="*")

    assert answer.status_code == status
    entry = ProvisioningEntry.objects.get(status=status, outcome="refused")
    taken = ("user_name_taken", {"user_name": "ada@x.com"})
    assert (entry.reason, entry.parameters) == (taken if status == 409 else ("precondition_failed", None))


def test_each_operation_of_a_bulk_request_that_fails_is_an_entry(scim):
    operations = [
        {"method": "POST", "path": "/Users", "data": GOOD},
        {"method": "X" * 300, "path": "/Users"},
        {"method": "DELETE", "path": f"/Users/{USER}"},
        {"method": "PUT", "path": "/Users/" + "y" * 3000, "data": {}},
        {"method": "PATCH", "path": "/nope", "data": {}},
    ]
    results = scim.post("/Bulk", {"Operations": operations}).json()["Operations"]

    assert all(int(each["status"]) >= 400 for each in results)
    assert ProvisioningEntry.objects.filter(outcome="refused").count() == len(operations)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    path=st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    body=st.binary(max_size=60),
    coding=st.sampled_from(["", "gzip", "br"]),
)
def test_whatever_is_refused_is_logged(api_key, method, path, body, coding):
    before = ProvisioningEntry.objects.count()
    answer = ScimClient(api_key).request(method, f"/scim/v2/{path}", body, HTTP_CONTENT_ENCODING=coding)

    assert answer.status_code < 500 or answer.status_code == 501
    if answer.status_code >= 400:
        assert ProvisioningEntry.objects.count() == before + 1
