"""Bulk (RFC 7644 §3.7), asked where ServiceProviderConfig says that it is supported."""

from typing import Any

from conformance.profiles.rfc.profile import RFC
from conformance.suite.trial import Trial, object_with, patch_body, succeeded
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.answer_checks import Resource
from entra_client.protocol.transport import Request

TESTS = RFC.part(5)
_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"


@TESTS.test("Bulk: POST, PUT, PATCH and DELETE", "RFC 7644 §3.7")
def methods(trial: Trial) -> None:
    """Each with its own status and location."""
    trial.needs("bulk")
    ids = [trial.create("User")["id"] for _ in range(3)]
    patch = patch_body({"op": "replace", "path": "title", "value": "Lead"})
    replaced = trial.user_body()
    results = _bulk(
        trial,
        {"method": "POST", "path": "/Users", "bulkId": "new", "data": trial.user_body()},
        {"method": "PUT", "path": f"/Users/{ids[0]}", "data": replaced},
        {"method": "PATCH", "path": f"/Users/{ids[1]}", "data": patch},
        {"method": "DELETE", "path": f"/Users/{ids[2]}"},
    )
    statuses = [str(one.get("status")) for one in results]
    wanted = statuses[:1] == ["201"] and set(statuses[1:3]) <= {"200", "204"} and statuses[3:] == ["204"]
    trial.expect(wanted, f"The operations were answered {statuses}")
    trial.expect(results[0].get("bulkId") == "new" and results[0].get("location"), "bulkId or location is missing")
    trial.read_with("User", ids[0], {"userName": replaced["userName"]})
    trial.read_with("User", ids[1], {"title": "Lead"})
    trial.ask(requests.read("User", ids[2]), answer_checks.error(404))


@TESTS.test("Bulk: references by bulkId", "RFC 7644 §3.7.2")
def references(trial: Trial) -> None:
    """A group with a member who is created in the same request."""
    trial.needs("bulk")
    group = trial.group_body(members=[{"value": "bulkId:member"}])
    user, made = _bulk(
        trial,
        {"method": "POST", "path": "/Users", "bulkId": "member", "data": trial.user_body()},
        {"method": "POST", "path": "/Groups", "bulkId": "group", "data": group},
    )
    user_id, group_id = (str(one.get("location")).rpartition("/")[2] for one in (user, made))
    members = trial.ask(requests.read("Group", group_id), lambda answer: answer_checks.members_of(answer, group_id))
    trial.expect(members == {user_id}, "The reference was not resolved to the new user")


@TESTS.test("Bulk: one failure does not stop the others", "RFC 7644 §3.7.3")
def failure(trial: Trial) -> None:
    """It is answered with its own status and an error; the next operation is done."""
    trial.needs("bulk")
    failed, done = _bulk(trial, _delete_nobody(), _create(trial, "next"))
    trial.expect(str(failed.get("status")) == "404", "The failed operation is not answered with 404")
    response = failed.get("response")
    trial.expect(isinstance(response, dict) and response.get("detail"), "The failed operation has no error document")
    trial.expect(str(done.get("status")) == "201", "The operation after it was not done")


@TESTS.test("Bulk: failOnErrors", "RFC 7644 §3.7")
def fail_on_errors(trial: Trial) -> None:
    """After so many failures nothing more is done."""
    trial.needs("bulk")
    body = trial.user_body()
    last = {"method": "POST", "path": "/Users", "bulkId": "last", "data": body}
    results = _bulk(trial, _delete_nobody(), last, failOnErrors=1)
    trial.expect(len(results) == 1, f"{len(results)} operations are answered instead of the one that failed")
    trial.expect(
        not trial.find("User", f'userName eq "{body["userName"]}"'), "The operation after the failure was done"
    )


@TESTS.test("Bulk: more operations than maxOperations", "RFC 7644 §3.7.4")
def too_many(trial: Trial) -> None:
    """413, and nothing is done."""
    most = trial.needs("bulk").get("maxOperations")
    trial.expect(type(most) is int and most > 0, f"bulk.maxOperations is {most!r} instead of a number")
    operations = [_delete_nobody() for _ in range(min(int(str(most)), 20_000) + 1)]
    trial.ask(_request(operations), succeeded(413))


def _bulk(trial: Trial, *operations: dict[str, Any], **more: Any) -> list[Resource]:
    answer = trial.ask(_request(list(operations), **more), object_with(200))
    with trial.reading():
        trial.expect(_RESPONSE in answer["schemas"], "The answer is no BulkResponse")
        return [dict(one) for one in answer["Operations"]]


def _request(operations: list[dict[str, Any]], **more: Any) -> Request:
    return Request(method="POST", path="/Bulk", body={"schemas": [_REQUEST], "Operations": operations, **more})


def _create(trial: Trial, bulk_id: str) -> dict[str, Any]:
    return {"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": trial.user_body()}


def _delete_nobody() -> dict[str, Any]:
    return {"method": "DELETE", "path": "/Users/5f3c0c1e-77a0-4b0e-9c53-0f5b7f0a1c11"}
