"""What a body may be: its coding, its character set, its nesting, its numbers; on every method that has one."""

import gzip
import json
import time
import zlib

import pytest

from gatekeeper.audit.models import ProvisioningEntry
from scim.http.request_body import gunzip
from scim.protocol.json_text import parse_json
from scim.protocol.limits import MAX_BODY, MAX_GZIP_MEMBERS, MAX_JSON_DEPTH
from tests.once import ONCE
from tests.scim.http.test_dispatch import assert_error

pytestmark = ONCE

SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def patch_op(value):
    return {"Operations": [{"op": "add", "path": "title", "value": value}]}


def bulk(value):
    operation = {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"userName": "b@x.com", "title": value}}
    return {"Operations": [operation]}


# Each method with a body: its address, a body around one value, and the status when the value is fine.
METHODS = {
    "POST user": ("POST", "/Users", lambda value: {"userName": "b@x.com", "title": value}, 201),
    "PUT user": ("PUT", "/Users/{user}", lambda value: {"userName": "ada@x.com", "title": value}, 200),
    "PATCH user": ("PATCH", "/Users/{user}", patch_op, 200),
    "POST group": ("POST", "/Groups", lambda value: {"displayName": "G2", "externalId": value}, 201),
    "PUT group": ("PUT", "/Groups/{group}", lambda value: {"displayName": "G", "externalId": value}, 200),
    "PATCH group": (
        "PATCH",
        "/Groups/{group}",
        lambda value: {"Operations": [{"op": "add", "path": "externalId", "value": value}]},
        204,
    ),
    "Bulk": ("POST", "/Bulk", bulk, 200),
    "search users": ("POST", "/Users/.search", lambda value: {"schemas": [SEARCH], "sortBy": "title", "x": value}, 200),
    "search groups": ("POST", "/Groups/.search", lambda value: {"schemas": [SEARCH], "x": value}, 200),
    "search all": ("POST", "/.search", lambda value: {"schemas": [SEARCH], "x": value}, 200),
}


@pytest.fixture(params=METHODS.values(), ids=METHODS.keys())
def send(request, scim):
    """Send a raw body by one of the methods; ``fine`` is the status of a body that can be read."""
    method, address, around, fine = request.param
    address = address.format(user=scim.user("ada@x.com")["id"], group=scim.group("G")["id"])

    def sent(raw, **headers):
        return scim.request(method, address, raw, **headers)

    sent.around = lambda value: json.dumps(around(value)).encode()
    sent.marked = lambda text: json.dumps(around("MARK")).replace('"MARK"', text).encode()
    sent.fine = fine
    return sent


def entries():
    return ProvisioningEntry.objects.filter(outcome="refused")


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", " gzip ", "identity, gzip"])
def test_gzip_is_read_by_every_method(send, coding):
    """RFC 9110 §8.4.1.3."""
    assert send(gzip.compress(send.around("Head")), HTTP_CONTENT_ENCODING=coding).status_code == send.fine


@pytest.mark.parametrize("coding", ["identity", "", "Identity"])
def test_identity_is_no_coding(send, coding):
    """RFC 9110 §8.4."""
    assert send(send.around("Head"), HTTP_CONTENT_ENCODING=coding).status_code == send.fine


@pytest.mark.parametrize(
    "coding", ["br", "deflate", "zstd", "compress", "gzip, gzip", "br, gzip", "gzip;q=1", "nonsense"]
)
def test_another_coding_is_415_and_the_answer_names_the_one_that_is_read(send, coding):
    """RFC 9110 §12.5.3, §15.5.16."""
    answer = send(send.around("Head"), HTTP_CONTENT_ENCODING=coding)

    assert_error(answer, 415)
    assert answer["Accept-Encoding"] == "gzip"
    assert entries().get().status == 415


WHOLE = gzip.compress(b'{"userName": "b@x.com"}')
BROKEN = {
    "no gzip": b'{"userName": "b@x.com"}',
    "truncated": WHOLE[:-9],
    "without its checksum": WHOLE[:-8],
    "half a checksum": WHOLE[:-4],
    "wrong checksum": WHOLE[:-8] + b"\0" * 8,
    "header only": WHOLE[:10],
    "one byte": b"\x1f",
    "garbage behind": WHOLE + b"garbage",
    "second member truncated": WHOLE + WHOLE[:-3],
    "zlib, not gzip": zlib.compress(b'{"userName": "b@x.com"}'),
}


@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_gzip_that_is_broken_is_400(scim, raw):
    """RFC 1952 §2.3."""
    assert_error(scim.request("POST", "/Users", raw, HTTP_CONTENT_ENCODING="gzip"), 400, "invalidSyntax")
    assert entries().get().detail


def test_several_members_are_one_body_and_padding_is_forgiven(scim):
    """RFC 1952 §2.2."""
    raw = gzip.compress(b'{"userName": ') + gzip.compress(b'"b@x.com"}') + b"\0" * 100_000

    assert scim.request("POST", "/Users", raw, HTTP_CONTENT_ENCODING="gzip").status_code == 201


def test_a_body_of_very_many_members_is_refused(scim):
    """RFC 1952 §2.2 has no limit; the server has."""
    raw = gzip.compress(b"") * (MAX_GZIP_MEMBERS + 1)

    assert_error(scim.request("POST", "/Users", raw, HTTP_CONTENT_ENCODING="gzip"), 400, "invalidSyntax")


@pytest.mark.parametrize(
    "raw", [b"", gzip.compress(b""), gzip.compress(b"  ")], ids=["nothing", "compressed", "blanks"]
)
def test_an_empty_gzip_body_is_an_empty_body(scim, raw):
    assert_error(scim.request("POST", "/Users", raw, HTTP_CONTENT_ENCODING="gzip"), 400, "invalidSyntax")


def bombs():
    yield gzip.compress(b" " * (MAX_BODY + 1))
    one = gzip.compress(b" " * 1_000_000)
    yield one * 2000  # two gigabytes in two megabytes
    yield gzip.compress(b" " * MAX_BODY + b"{}")


@pytest.mark.parametrize("raw", list(bombs()), ids=["one byte too many", "many members", "just beyond"])
def test_a_gzip_bomb_costs_no_more_than_the_limit(scim, raw):
    begun = time.process_time()
    answer = scim.request("POST", "/Users", raw, HTTP_CONTENT_ENCODING="gzip")
    spent = time.process_time() - begun
    begun = time.process_time()
    zlib.decompress(gzip.compress(b" " * MAX_BODY, 1), 31)
    whole = time.process_time() - begun

    assert_error(answer, 413)
    assert str(MAX_BODY) in answer.json()["detail"]
    assert spent < 20 * whole + 0.5  # two gigabytes would take two hundred times as long


def test_long_runs_of_one_character_are_decoded_whole():
    for size in (1, 257, 258, 65_535, 65_536, 1_000_003, MAX_BODY - 1, MAX_BODY):
        for level in (1, 9):
            assert gunzip(gzip.compress(b" " * size, level)) == b" " * size


def test_a_body_of_exactly_the_limit_is_read(scim):
    """RFC 9110 §15.5.14."""
    raw = b'{"userName": "b@x.com"}'

    for sent, headers in (
        (raw + b" " * (MAX_BODY - len(raw)), {}),
        (gzip.compress(raw + b" " * (MAX_BODY - len(raw))), {"HTTP_CONTENT_ENCODING": "gzip"}),
    ):
        assert scim.request("POST", "/Users", sent, **headers).status_code in (201, 409)


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8", "UTF8"])
def test_utf_8_is_read(send, charset):
    """RFC 8259 §8.1."""
    content_type = f"application/scim+json; charset={charset}"

    assert send(b"\xef\xbb\xbf" + send.around("Åda"), CONTENT_TYPE=content_type).status_code == send.fine


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "us-ascii", "utf-7", "nonsense"])
def test_another_character_set_is_415(send, charset):
    """RFC 8259 §8.1, RFC 9110 §15.5.16."""
    assert_error(send(send.around("x"), CONTENT_TYPE=f"application/json; charset={charset}"), 415)
    assert entries().get().status == 415


@pytest.mark.parametrize(
    "raw",
    [b'{"userName": "\xff"}', '{"userName": "é"}'.encode("latin-1"), '{"userName": "a"}'.encode("utf-16")],
    ids=["stray byte", "latin-1", "utf-16"],
)
def test_what_is_no_utf_8_is_400(scim, raw):
    """RFC 8259 §8.1."""
    assert_error(scim.request("POST", "/Users", raw), 400, "invalidSyntax")


def nested(depth, opening="[", closing="]"):
    return opening * depth + closing * depth


UNREADABLE = {
    "NaN": "NaN",
    "Infinity": "Infinity",
    "-Infinity": "-Infinity",
    "1e400": "1e400",
    "-1e400": "-1e400",
    "1E+999999999": "1E+999999999",
    "400 digits": "9" * 400,
    "5,000 digits": "9" * 5000,
    "1,000,000 digits": "-" + "9" * 1_000_000,
    "in a list": "[[1, NaN]]",
    "in an object": '{"a": {"b": 1e999}}',
    "too deep": nested(MAX_JSON_DEPTH),  # and the body around it
    "deeper": nested(900),
    "much deeper": nested(100_000),
    "objects": nested(900, '{"a":', "}").replace(":}", ":1}"),
    "mixed": nested(450, '[{"a":', "}]").replace(":}", ":1}"),
    "wide and deep": "[[]," * 200 + "[]" + "]" * 200,
    "after a text with brackets": '["]]]]]]]]", ' + nested(80) + "]",
    "after an escaped quote": '["\\"]]]]]]]]", ' + nested(80) + "]",
    "after an escaped backslash": '["\\\\", ' + nested(80) + ', "\\\\"]',
    "never closed": "[" * 50_000,
    "closed too often": "[]]",
    "a name twice": '{"a": 1, "a": 2}',
    "a name twice in two cases": '{"userName": 1, "USERNAME": 2}',
    "a name twice, deep": '[{"b": {"value": "x", "value": "y"}}]',
}


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_json_that_is_not_bounded_or_not_clear_is_400_everywhere(send, text):
    """RFC 8259 §4, §6, §9; RFC 7644 §3.12: invalidSyntax."""
    answer = send(send.marked(text))

    assert_error(answer, 400, "invalidSyntax")
    assert (entries().get().status, entries().get().detail) == (400, answer.json()["detail"])


# Entra sends roles as JSON in a text: {"id": …, "value": …, "displayName": …}.
@pytest.mark.parametrize(
    "name", ["NaN", "1e400", "9,999 digits", "deeper", "objects", "a name twice, deep", "much deeper"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_json_in_a_text_is_bounded_as_a_body_is(scim, method, name):
    """RFC 8259 §4, §6, §9."""
    inner = UNREADABLE.get(name, "9" * 9999)
    role = {"value": '{"value": "admin", "id": ' + inner + "}"}
    address = "/Users" if method == "POST" else f"/Users/{scim.user('ada@x.com')['id']}"
    body = {"userName": "ada@x.com", "roles": [role]}
    if method == "PATCH":
        body = {"Operations": [{"op": "add", "path": "roles", "value": [role]}]}

    assert_error(scim.request(method, address, body), 400, "invalidSyntax")


@pytest.mark.parametrize("text", ["{curly}", "{", '{"value": "x"', "{[}]", '{"value": "x"} and more', "plain"])
def test_a_text_that_is_no_json_is_a_text(scim, text):
    user = scim.user("ada@x.com", roles=[{"value": text}])

    assert user["roles"] == [{"value": text}]


UNSTORABLE = [
    '"\\u0000"',
    '"a\\u0000b"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '{"a\\u0000": 1}',
    '["\\ud83d"]',
    '[{"a": "\\u0000"}]',
]


@pytest.mark.parametrize("text", UNSTORABLE)
def test_text_that_no_column_holds_is_400_everywhere(send, text):
    """RFC 8259 §8.2; RFC 7644 §3.12: invalidValue."""
    assert_error(send(send.marked(text)), 400, "invalidValue")
    assert entries().get().status == 400


@pytest.mark.parametrize(
    "text",
    [
        nested(MAX_JSON_DEPTH),
        nested(32, '{"a":[', "]}"),
        '["' + "[" * 500 + '"]',
        '["\\"' + "[" * 500 + '", {}]',
        '["' + "\\\\" * 3 + '", "[[[[", {}]',
        '"\\\\u0000 \\\\ud800 \\ud83d\\ude00"',
        "[1e308, -1e308, 1e-400, 0.1, " + "9" * 300 + "]",
        '[{"a": 1}, {"a": 2}]',
    ],
)
def test_what_is_within_the_bounds_is_read_as_python_reads_it(text):
    """RFC 8259 §6."""
    assert parse_json(text.encode()) == json.loads(text)


def test_one_level_more_is_too_deep():
    """RFC 8259 §9."""
    with pytest.raises(Exception, match=str(MAX_JSON_DEPTH)):
        parse_json(nested(MAX_JSON_DEPTH + 1).encode())


@pytest.mark.parametrize(
    "query", ["filter", "sortBy", "sortOrder", "cursor", "attributes", "excludedAttributes", "x", "count"]
)
def test_the_nul_character_in_a_parameter_is_400(scim, query):
    """RFC 7644 §3.12: invalidValue."""
    answer = scim.get(f"/Users?{query}=a%00b")

    assert answer.status_code == 400
    assert query in answer.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/Users/%00", "/Users/a%00b", "/Groups/%00", "/%00", "/Users/%ED%A0%80", "/Schemas/%00"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_address_with_such_text_is_nobodys_and_logged(scim, method, path):
    answer = scim.request(method, path, {"Operations": [], "userName": "a", "displayName": "a"})

    assert_error(answer, answer.status_code)
    assert answer.status_code in (404, 405)
    assert entries().get().status == answer.status_code
