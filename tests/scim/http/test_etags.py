"""If-Match and If-None-Match on every method, in the order of RFC 9110 §13.2.2, and ``version`` in Bulk."""

import pytest

from gatekeeper.audit.models import ProvisioningEntry
from tests.scim.http.test_dispatch import assert_error

PRESENT, OTHER = 'W/"1"', 'W/"7"'
MALFORMED = ["1", "W/1", '"1', "", "*, *", '*, "1"', 'w/"1"', '"1" "2"', "W/", '"a"b"']


def write(scim, method, address, **headers):
    bodies = {
        "PUT": {"userName": "ada@x.com", "displayName": "New"},
        "PATCH": {"Operations": [{"op": "replace", "path": "displayName", "value": "New"}]},
        "DELETE": None,
    }
    return scim.request(method, address, bodies[method], **headers)


@pytest.fixture(params=["Users", "Groups"])
def address(request, scim):
    made = scim.user("ada@x.com") if request.param == "Users" else scim.group("Old")
    return f"/{request.param}/{made['id']}"


# What the two headers say (None: not sent), and whether the write happens.
WRITES = [
    (None, None, True),
    ("*", None, True),
    (PRESENT, None, True),
    ('"1"', None, True),
    (f"{OTHER}, {PRESENT}", None, True),
    (f"{OTHER} ,, {PRESENT},", None, True),
    (OTHER, None, False),
    ('"1,2"', None, False),
    (None, "*", False),
    (None, PRESENT, False),
    (None, '"1"', False),
    (None, f"{OTHER}, {PRESENT}", False),
    (None, OTHER, True),
    (None, '"a,b"', True),
    (PRESENT, OTHER, True),
    ("*", OTHER, True),
    (PRESENT, PRESENT, False),
    (PRESENT, "*", False),
    (OTHER, OTHER, False),
    (OTHER, "*", False),
]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(("match", "none_match", "happens"), WRITES)
def test_a_write_happens_only_when_both_headers_allow_it(scim, address, method, match, none_match, happens):
    """RFC 9110 §13.2.2, RFC 7644 §3.14."""
    sent = {"HTTP_IF_MATCH": match, "HTTP_IF_NONE_MATCH": none_match}
    before = scim.get(address).json()
    answer = write(scim, method, address, **{name: value for name, value in sent.items() if value is not None})

    if happens:
        assert answer.status_code in (200, 204)
        return
    assert_error(answer, 412)
    assert scim.get(address).json() == before
    assert ProvisioningEntry.objects.filter(status=412, outcome="refused").count() == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("header", ["HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"])
@pytest.mark.parametrize("value", MALFORMED)
def test_a_header_that_cannot_be_read_changes_nothing(scim, address, method, header, value):
    """RFC 9110 §8.8.3, §13.1.1."""
    before = scim.get(address).json()

    assert_error(write(scim, method, address, **{header: value}), 400, "invalidValue")
    assert scim.get(address).json() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("sent", [{"HTTP_IF_MATCH": "*"}, {"HTTP_IF_NONE_MATCH": "*"}, {"HTTP_IF_MATCH": OTHER}])
@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_what_is_not_there_stays_404(scim, method, sent, kind):
    """RFC 9110 §13.2.1."""
    assert_error(write(scim, method, f"/{kind}/11111111-1111-4111-8111-111111111111", **sent), 404)


@pytest.mark.parametrize("value", ["*", PRESENT, "nonsense"])
def test_a_post_has_no_representation_to_compare(scim, value):
    """RFC 9110 §13.1.1."""
    assert scim.post("/Users", {"userName": "a@x.com"}, HTTP_IF_NONE_MATCH=value).status_code == 201
    assert scim.post("/Groups", {"displayName": "G"}, HTTP_IF_NONE_MATCH=value).status_code == 201
    assert scim.post("/Users/.search", {}, HTTP_IF_NONE_MATCH=value).status_code == 200


@pytest.mark.parametrize(
    ("match", "none_match", "status"),
    [
        (None, PRESENT, 304),
        (None, "*", 304),
        (None, OTHER, 200),
        (None, "nonsense", 200),
        ("*", None, 200),
        (PRESENT, None, 200),
        (OTHER, None, 412),
        (OTHER, PRESENT, 412),
        (PRESENT, PRESENT, 304),
        ("nonsense", None, 400),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_is_answered_by_the_same_order(scim, address, method, match, none_match, status):
    """RFC 9110 §13.2.2: 412, 304, 200."""
    sent = {"HTTP_IF_MATCH": match, "HTTP_IF_NONE_MATCH": none_match}
    answer = scim.request(method, address, **{name: value for name, value in sent.items() if value is not None})

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("version", "status"),
    [(PRESENT, "200"), ('"1"', "200"), ("*", "200"), (f"{OTHER}, {PRESENT}", "200"), (OTHER, "412"), ("1", "400")],
)
def test_the_version_of_a_bulk_operation_is_if_match(scim, version, status):
    """RFC 7644 §3.7, §3.14."""
    user = scim.user("ada@x.com")
    data = {"Operations": [{"op": "replace", "path": "displayName", "value": "New"}]}
    operation = {"method": "PATCH", "path": f"/Users/{user['id']}", "version": version, "data": data}

    (result,) = scim.post("/Bulk", {"Operations": [operation]}).json()["Operations"]

    assert result["status"] == status
    assert ("displayName" in scim.get(f"/Users/{user['id']}").json()) == (status == "200")
