"""Every address, method and media type is answered in SCIM JSON: never a page, never a redirect, never a 500."""

import json

import pytest

from gatekeeper.audit.models import ProvisioningEntry
from scim.http import views
from scim.protocol.limits import MAX_BODY

ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def assert_error(answer, status, scim_type=None):
    document = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/scim+json")
    assert document["schemas"] == [ERROR]
    assert document["status"] == str(status)
    assert document.get("scimType") == scim_type
    assert document["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/users",
        "/Users/x/y",
        "/Schemas/nope",
        "/ResourceTypes/nope",
        "/Users/no-id",
        "/Groups/%0A",
        "/%00",
        "/Users/%00",
        "/Bulk/x",
        "x",
        "/Users/..%2f..",
        "/.search/x",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_address_where_nothing_is_answers_404_or_405(scim, method, path):
    """RFC 7644 §3.12, RFC 9110 §15.5.5."""
    answer = scim.request(method, path, {"Operations": [], "userName": "a", "displayName": "a"})

    assert answer.status_code in (404, 405)
    assert_error(answer, answer.status_code)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "//",
        "/Users",
        "/Users/",
        "//Users",
        "//Users//",
        "/Groups/",
        "//Schemas/",
        "/ServiceProviderConfig/",
        "/ResourceTypes//User/",
    ],
)
def test_slashes_are_forgiven(scim, path):
    """RFC 7644 §1.3 leaves the base URL to the client, which is pasted with and without a slash."""
    assert scim.get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/Users", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/Groups", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/Users/11111111-1111-4111-8111-111111111111", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("POST", "/Schemas", "GET, HEAD, OPTIONS"),
        ("DELETE", "/ServiceProviderConfig", "GET, HEAD, OPTIONS"),
        ("PATCH", "/ResourceTypes/User", "GET, HEAD, OPTIONS"),
        ("GET", "/Users/.search", "OPTIONS, POST"),
        ("TRACE", "/Users", "GET, HEAD, OPTIONS, POST"),
        ("PROPFIND", "", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_not_possible_is_answered_with_those_that_are(scim, method, path, allowed):
    """RFC 9110 §15.5.6: 405 with Allow."""
    answer = scim.request(method, path, {})

    assert_error(answer, 405)
    assert answer["Allow"] == allowed


def test_options_names_the_methods(scim):
    """RFC 9110 §9.3.7."""
    answer = scim.request("OPTIONS", "/Users")

    assert (answer.status_code, answer.content) == (204, b"")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}


def test_head_is_get_without_the_body(scim):
    """RFC 9110 §9.3.2."""
    user = scim.user("ada@x.com")
    get, head = (scim.request(method, f"/Users/{user['id']}") for method in ("GET", "HEAD"))

    assert head.content == b""
    assert (head.status_code, head["ETag"], head["Content-Length"]) == (200, get["ETag"], str(len(get.content)))


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/json",
        "application/scim+json",
        "text/html, */*;q=0.1",
        "application/*",
        "APPLICATION/SCIM+JSON; charset=utf-8",
    ],
)
def test_clients_that_read_json_are_answered(scim, accept):
    """RFC 7644 §3.8, RFC 9110 §12.5.1."""
    assert scim.get("/Users", HTTP_ACCEPT=accept)["Content-Type"] == "application/scim+json"


def test_clients_that_do_not_read_json_are_refused(scim):
    """RFC 9110 §12.5.1, §15.5.7."""
    assert_error(scim.get("/Users", HTTP_ACCEPT="text/html"), 406)


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/scim+json", "application/json; charset=utf-8", ""]
)
def test_both_json_types_are_read(scim, content_type):
    """RFC 7644 §3.8."""
    assert scim.request("POST", "/Users", {"userName": "a@x"}, CONTENT_TYPE=content_type).status_code == 201


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
def test_other_media_types_are_refused(scim, content_type):
    """RFC 9110 §15.5.16."""
    assert_error(scim.request("POST", "/Users", {"userName": "a@x"}, CONTENT_TYPE=content_type), 415)


@pytest.mark.parametrize(
    ("raw", "scim_type"),
    [
        (b"", "invalidSyntax"),
        (b"{", "invalidSyntax"),
        (b"[]", "invalidSyntax"),
        (b"null", "invalidSyntax"),
        (b'"text"', "invalidSyntax"),
        (b"\xff\xfe", "invalidSyntax"),
        (b'{"userName": NaN}', "invalidSyntax"),
        (b'{"userName": ' + b"9" * 5000 + b"}", "invalidSyntax"),
        (b"[" * 100_000, "invalidSyntax"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "invalidSyntax"),
        (b'{"userName": "a\\u0000b"}', "invalidValue"),
        (b'{"userName": "\\ud800"}', "invalidValue"),
        (b'{"userName": "' + b"a" * 600 + b'"}', "invalidValue"),
        (b'{"userName": "a", "externalId": "' + b"a" * 600 + b'"}', "invalidValue"),
        (b'{"userName": {"a": 1}}', "invalidValue"),
        (b'{"userName": "  "}', "invalidValue"),
        (b'{"userName": "a", "emails": "x", "name": 7}', "invalidValue"),
        (b'{"userName": "a", "active": 1}', "invalidValue"),
        (b'{"userName": "a", "emails": [[["x"], 1], 2]}', "invalidValue"),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(scim, raw, scim_type):
    """RFC 7644 §3.12: invalidSyntax."""
    assert_error(scim.request("POST", "/Users", raw), 400, scim_type)
    assert scim.get("/Users").json()["totalResults"] == 0


def test_escapes_that_only_look_like_nul_are_text(scim):
    """RFC 8259 §7."""
    assert scim.user("a\\u0000b\\ud800 \U0001f600")["userName"] == "a\\u0000b\\ud800 \U0001f600"


def test_a_byte_order_mark_is_forgiven(scim):
    """RFC 8259 §8.1."""
    assert scim.request("POST", "/Users", b'\xef\xbb\xbf{"userName": "a"}').status_code == 201


def test_a_body_over_the_limit_is_refused_before_it_is_read(scim):
    """RFC 9110 §15.5.14."""
    answer = scim.request("POST", "/Users", b" " * (MAX_BODY + 1))

    assert_error(answer, 413)
    assert str(MAX_BODY) in answer.json()["detail"]


def test_me_is_not_implemented(scim):
    """RFC 7644 §3.11: 501."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert_error(scim.request(method, "/Me", {}), 501)


@pytest.mark.parametrize("path", ["", "/Users", "/nope", "/Schemas", "/ServiceProviderConfig", "/Users/x", "/Me"])
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer wrong", "Basic YTpi", "gk_" + "0" * 72, "Bearer gk_é"])
def test_without_a_valid_key_everything_is_401(scim, path, header):
    """RFC 7644 §2, RFC 6750 §3."""
    sent = {} if header is None else {"HTTP_AUTHORIZATION": header}
    answer = scim.client.get(f"/scim/v2{path}", **sent)

    assert_error(answer, 401)
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert "Authorization: Bearer" in answer.json()["detail"]


@pytest.mark.parametrize("template", ["Bearer {}", "bearer {}", "BEARER  {}", "{}"])
def test_the_key_is_taken_in_every_form_that_clients_send(scim, template):
    """RFC 6750 §2.1; Okta's header mode sends the key alone."""
    answer = scim.client.get("/scim/v2/Users", HTTP_AUTHORIZATION=template.format(scim.key))

    assert answer.status_code == 200


def test_a_failure_of_the_server_is_logged_one_time_and_answered_as_scim(scim, monkeypatch, caplog):
    """RFC 7644 §3.12."""

    def fail(*args):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(views, "list_page", fail)
    answer = scim.get("/Users")

    assert_error(answer, 500)
    assert "secret" not in answer.content.decode()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]
    assert ProvisioningEntry.objects.get().outcome == "failed"


def test_no_cookie_is_set_and_no_session_is_read(scim, django_assert_num_queries):
    answer = scim.get("/Users")

    assert not answer.cookies


def test_each_answer_is_what_its_length_says(scim):
    """RFC 9110 §8.6."""
    scim.user("å@x.com", displayName="Åda")
    answer = scim.get("/Users")

    assert int(answer["Content-Length"]) == len(answer.content)
    assert json.loads(answer.content)["Resources"][0]["displayName"] == "Åda"
