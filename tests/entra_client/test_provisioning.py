"""The client against a tiny server: content when it answers rightly, and a sentence for each wrong answer."""

import io
from typing import Any

import pytest

from entra_client.directory.company import make_company
from entra_client.protocol.transport import CannotBegin
from entra_client.run.conversation import ServerGone
from entra_client.run.report import Report
from entra_client.run.simulation import provision
from tests.entra_client.scim_server import KEY, Fault, Reply, ScimServer, served

COMPANY = make_company(people=5, groups=2, seed=1)


def run(server: ScimServer, key: str = KEY) -> tuple[Report, str]:
    screen = io.StringIO()
    with served(server) as origin:
        return provision(f"{origin}/scim", key, COMPANY, screen), screen.getvalue()


def test_a_server_that_answers_rightly_has_no_failures():
    report, screen = run(ScimServer())
    assert (report.failed, report.first_failure) == (0, None)
    assert "initial cycle: users: 10 requests" in screen


def test_a_second_run_on_the_same_server_creates_nobody_again():
    server = ScimServer()
    run(server)
    server.requests.clear()
    report, _ = run(server)
    assert report.failed == 0
    assert not [request for request in server.requests if request.startswith("POST")]


def test_users_come_first_then_empty_groups_then_members_then_managers():
    server = ScimServer()
    run(server)
    writes = [request for request in server.requests if not request.startswith("GET")]
    kinds = [request.split("/")[0] + request.split("/")[1] for request in writes]
    assert list(dict.fromkeys(kinds)) == ["POST Users", "POST Groups", "PATCH Groups", "PATCH Users"]


def created_user(change: Any) -> Fault:
    def fault(method: str, path: str, reply: Reply) -> None:
        if method == "POST" and path == "/Users":
            change(reply)

    return fault


def matched(change: Any) -> Fault:
    def fault(method: str, path: str, reply: Reply) -> None:
        if method == "GET" and path == "/Users" and reply.status == 200:
            change(reply)

    return fault


WRONG = {
    "active is a string": (created_user(lambda r: r.body.update(active="True")), "active as a string"),
    "a value is changed": (
        created_user(lambda r: r.body["phoneNumbers"][0].update(value="0044")),
        "phoneNumbers[mobile].value came back as '0044'",
    ),
    "an attribute is lost": (created_user(lambda r: r.body.pop("title")), "title came back as None"),
    "the status is 200": (created_user(lambda r: setattr(r, "status", 200)), "answered 200 where 201 was expected"),
    "Location is missing": (created_user(lambda r: r.headers.pop("Location")), "without a Location header"),
    "the locations differ": (created_user(lambda r: r.headers.update(Location="http://fake/x")), "in meta.location"),
    "the id is a number": (created_user(lambda r: r.body.update(id=7)), "a number as the id of a User"),
    "the media type is HTML's": (
        created_user(lambda r: r.headers.update({"Content-Type": "text/html"})),
        "came as text/html",
    ),
    "the body is a page": (created_user(lambda r: setattr(r, "body", "<h1>500</h1>")), "a body that is not JSON"),
    "schemas are missing": (created_user(lambda r: r.body.pop("schemas")), "in its schemas"),
    "meta is missing": (created_user(lambda r: r.body.pop("meta")), "no meta.resourceType User"),
    "the total is a string": (matched(lambda r: r.body.update(totalResults="0")), "totalResults as a string"),
    "no match is 404": (matched(lambda r: setattr(r, "status", 404)), "answered 404 where 200 was expected"),
    "no match finds somebody": (matched(lambda r: r.body.update(totalResults=3)), "found 3"),
}


@pytest.mark.parametrize(("fault", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_a_failed_request_with_the_reason(fault: Fault, sentence: str):
    report, screen = run(ScimServer(fault))
    assert report.failed > 0
    assert report.first_failure is not None
    assert sentence in report.first_failure
    assert sentence in screen


def test_members_in_an_answer_that_excludes_them_are_a_failure():
    def fault(method: str, path: str, reply: Reply) -> None:
        if method == "GET" and path == "/Groups" and reply.status == 200:
            for group in reply.body["Resources"]:
                group["members"] = []

    server = ScimServer()
    run(server)
    server.fault = fault
    report, _ = run(server)
    assert "excludedAttributes" in str(report.first_failure)


def test_a_wrong_key_that_is_accepted_ends_the_run_at_the_connection_test():
    def fault(method: str, path: str, reply: Reply) -> None:
        if reply.status == 401:
            reply.status = 200

    report, _ = run(ScimServer(fault))
    assert [step.name for step in report.steps] == ["test connection"]
    assert "answered 200 where 401 was expected" in str(report.first_failure)


def test_a_key_that_is_refused_ends_the_run_at_the_connection_test():
    report, _ = run(ScimServer(), key="gk_wrong")
    assert report.failed == 1
    assert str(report.first_failure).endswith("The API key is not known.")


def test_one_failed_user_does_not_stop_the_others():
    def fault(method: str, path: str, reply: Reply) -> None:
        if method == "POST" and reply.body.get("userName") == COMPANY.people[2].user_name:
            reply.status = 500

    report, _ = run(ScimServer(fault))
    assert report.failed == 1
    assert report.steps[1].requests == 10


def test_after_429_the_request_is_sent_again_and_is_no_failure():
    refused: list[str] = []

    def fault(method: str, path: str, reply: Reply) -> None:
        if method == "POST" and not refused:
            refused.append(path)
            reply.status, reply.headers = 429, reply.headers | {"Retry-After": "0"}

    report, _ = run(ScimServer(fault))
    assert refused
    # The first answer was thrown away although the user was made; the second POST made another one.
    assert report.failed == 0


def test_a_server_that_is_not_there_is_one_sentence():
    with served(ScimServer()) as origin:
        pass
    with pytest.raises(ServerGone, match="did not answer"):
        provision(origin, KEY, COMPANY, io.StringIO())


@pytest.mark.parametrize(
    "address", ["", "localhost", "ftp://host/scim", "http://", "http://host:port", "http://host:99999"]
)
def test_an_address_that_is_none_is_refused(address: str):
    with pytest.raises(CannotBegin, match="is not an address"):
        provision(address, KEY, COMPANY, io.StringIO())


@pytest.mark.parametrize("key", ["", "gk_ü", "gk_\n"])
def test_a_key_that_fits_in_no_header_is_refused(key: str):
    with pytest.raises(CannotBegin, match="API key"):
        provision("http://127.0.0.1:1", key, COMPANY, io.StringIO())
