"""Performance and efficiency (§4.3): rate limits, 25 requests a second, Bulk, several attributes in one PATCH."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from conformance.http.exchange import Reply
from conformance.profiles.ipsie.profile import AL, IPSIE
from conformance.suite.trial import Skipped, Trial, object_with
from entra_client.protocol import answer_checks
from entra_client.protocol.transport import NoAnswer, Request

TESTS = IPSIE.part(2)
LEAST_A_SECOND = 25
CONNECTIONS = 8
REQUESTS = 75
ATTEMPTS = 3  # a network may be slow for a moment
MOST_TO_PROVOKE = 300  # requests that are sent to see a limit; more would be load, not a question
_READ = Request(method="GET", path="/Users", query="count=1&attributes=userName")
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@TESTS.test("AL1: at least 25 requests a second", f"{AL} §4.3")
def requests_a_second(trial: Trial) -> None:
    """Answered over eight connections, none of them with 429 or an error."""
    best = 0.0
    for _ in range(ATTEMPTS):
        began = time.perf_counter()
        replies = _many(trial, REQUESTS)
        best = max(best, REQUESTS / (time.perf_counter() - began))
        wrong = [reply for reply in replies if reply.status != 200]
        trial.show((wrong or replies)[0])
        statuses = sorted({reply.status for reply in wrong})
        trial.expect(not wrong, f"{len(wrong)} of {REQUESTS} requests were answered {statuses}")
        if best >= LEAST_A_SECOND:
            return
    trial.fail(f"{best:.0f} requests a second were answered over {CONNECTIONS} connections")


@TESTS.test("AL1: 429 with Retry-After beyond the rate limit", f"{AL} §4.3, §8 (rate limiting)")
def rate_limit(trial: Trial) -> None:
    """The first refusal is looked at; a limit that is higher than what is sent here can't be asked."""
    replies = _many(trial, MOST_TO_PROVOKE, until=429, key=trial.server.credentials.limited_key)
    refused = next((reply for reply in replies if reply.status == 429), None)
    if refused is None:
        raise Skipped(f"{MOST_TO_PROVOKE} requests over {CONNECTIONS} connections did not reach a limit.")
    trial.show(refused)
    answer_checks.error(429)(refused)
    stated = refused.header("retry-after")
    trial.expect(stated.isascii() and stated.isdigit(), f"Retry-After is {stated!r} instead of whole seconds")
    time.sleep(min(float(stated), 5.0))


@TESTS.test("AL1: Bulk", f"{AL} §4.3; RFC 7644 §3.7")
def bulk(trial: Trial) -> None:
    """A user and a group are created and the user becomes a member, in one request."""
    user, group = trial.user_body(), trial.group_body(members=[{"value": "bulkId:user"}])
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "user", "data": user},
        {"method": "POST", "path": "/Groups", "bulkId": "group", "data": group},
    ]
    body = {"schemas": [BULK_REQUEST], "Operations": operations}
    answer = trial.ask(Request(method="POST", path="/Bulk", body=body), object_with(200))
    with trial.reading():
        statuses = [str(one["status"]) for one in answer["Operations"]]
        trial.expect(statuses == ["201", "201"], f"The operations were answered {statuses}")
        user_id, group_id = (one["location"].rpartition("/")[2] for one in answer["Operations"])
    members = answer_checks.members_of(trial.send(Request(method="GET", path=f"/Groups/{group_id}")), group_id)
    trial.expect(members == {user_id}, "The reference to the new user was not resolved")


@TESTS.test("AL1: several attributes in one PATCH", f"{AL} §4.3; RFC 7644 §3.5.2")
def several_attributes(trial: Trial) -> None:
    """All of them are changed."""
    values = {"displayName": trial.name(), "title": "Lead", "name.givenName": "Changed"}
    user_id = trial.create("User")["id"]
    trial.patch("User", user_id, *({"op": "replace", "path": path, "value": one} for path, one in values.items()))
    trial.read_with("User", user_id, values)


def _many(trial: Trial, number: int, *, until: int | None = None, key: str = "") -> list[Reply]:
    """The answers to many requests over several connections at once; no more is sent once one has this status."""
    ended = Event()

    def ask(count: int) -> list[Reply]:
        connection, replies = trial.server.another_connection(key=key), []
        try:
            for _ in range(count):
                if ended.is_set():
                    break
                replies.append(connection.send(_READ, patient=False))
                if replies[-1].status == until:
                    ended.set()
        finally:
            connection.close()
        return replies

    counts = [number // CONNECTIONS + (index < number % CONNECTIONS) for index in range(CONNECTIONS)]
    try:
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            return [reply for replies in threads.map(ask, counts) for reply in replies]
    except NoAnswer as problem:
        trial.fail(f"{_READ.method} {_READ.path} over {CONNECTIONS} connections got no answer: {problem}")
