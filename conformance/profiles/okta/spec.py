"""The SPEC Test: each step under the name that Okta's collection gives it."""

from uuid import uuid4

from conformance.http.exchange import Call, json_body
from conformance.profiles.okta.profile import OKTA, SPEC, user
from conformance.suite.registry import Rule
from conformance.suite.trial import DOMAIN, Trial, eq
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.answer_checks import Resource
from entra_client.protocol.client_quirks import WITH_FLAG
from entra_client.protocol.transport import Request

TESTS = OKTA.part(1)
LONGEST = 0.6  # seconds that the list of groups may take


@TESTS.test("Test Users endpoint", f"{SPEC}; RFC 7644 §3.4.2")
def users_endpoint(trial: Trial) -> None:
    """A page of one user, with numbers that are numbers; a user has the names and the e-mail that Okta imports."""
    sent = user(trial)
    trial.create("User", sent)
    listing = trial.get_listing("/Users", "count=1&startIndex=1")
    trial.expect(len(listing["Resources"]) == 1, "The page does not hold exactly one user")
    for number in ("itemsPerPage", "startIndex", "totalResults"):
        trial.expect(type(listing.get(number)) is int, f"{number} is no number")
    found = trial.find("User", eq("userName", sent["userName"]), "startIndex=1&count=1")
    trial.expect(len(found) == 1, "The user who was created is not listed")
    _expect_profile(trial, found[0], sent)


@TESTS.test("Get Users/{{id}}", f"{SPEC}; RFC 7644 §3.4.1")
def get_user(trial: Trial) -> None:
    """A user by its id."""
    sent = user(trial)
    user_id = trial.create("User", sent)["id"]
    _expect_profile(trial, trial.read("User", user_id), sent)


@TESTS.test("Test invalid User by username", f"{SPEC}; RFC 7644 §3.4.2.2")
def unknown_name(trial: Trial) -> None:
    """Nobody has this name: 200 and an empty list."""
    trial.ask(_find(f"{trial.name()}@{DOMAIN}"), answer_checks.nothing_found)


@TESTS.test("Test invalid User by ID", f"{SPEC}; RFC 7644 §3.12")
def unknown_id(trial: Trial) -> None:
    """Nobody has this id: 404 in SCIM's form, with a detail."""
    trial.ask(requests.read("User", str(uuid4())), answer_checks.error(404))


@TESTS.test("Make sure random user doesn't exist", f"{SPEC}; RFC 7644 §3.4.2.2")
def not_there_yet(trial: Trial) -> None:
    """Somebody who will be created is not there before."""
    sent = user(trial)
    trial.ask(_find(sent["userName"]), answer_checks.nothing_found)
    trial.create("User", sent)
    trial.expect(len(trial.find("User", eq("userName", sent["userName"]))) == 1, "The user is not found afterwards")


@TESTS.test("Create Okta user with realistic values", f"{SPEC}; RFC 7644 §3.3")
def create_user(trial: Trial) -> None:
    """The body comes as application/json; the answer is 201 with everything that was sent."""
    sent = user(trial, active=True)
    request = Call(
        method="POST",
        path="/Users",
        body=sent,
        content=json_body(sent),
        headers={"Content-Type": "application/json", "Accept": "application/scim+json; charset=utf-8"},
    )
    trial.ask(request, answer_checks.created("User", sent))


@TESTS.test("Verify that user was created", f"{SPEC}; RFC 7644 §3.4.1")
def verify_user(trial: Trial) -> None:
    """What was created can be read with the same values."""
    sent = user(trial)
    user_id = trial.create("User", sent)["id"]
    values = {"userName": sent["userName"], **{f"name.{key}": value for key, value in sent["name"].items()}}
    trial.read_with("User", user_id, values)


@TESTS.test("Expect failure when recreating user with same values", f"{SPEC}; RFC 7644 §3.3 (uniqueness)")
def create_twice(trial: Trial) -> None:
    """The same user once more, while the first one is active: 409."""
    sent = user(trial, active=True)
    trial.create("User", sent)
    trial.ask(requests.create("User", sent), answer_checks.error(409))


@TESTS.test("Username Case Sensitivity Check", f"{SPEC}; RFC 7643 §4.1.1 (userName)")
def case_of_names(trial: Trial) -> None:
    """The name in capitals finds the user."""
    sent = user(trial)
    trial.expect_only("User", eq("userName", sent["userName"].upper()), trial.create("User", sent))


@TESTS.test("Verify Groups endpoint", f"{SPEC} (optional); RFC 7644 §3.4.2", rule=Rule.OPTIONAL)
def groups_endpoint(trial: Trial) -> None:
    """The list of groups, within 600 ms."""
    answer = trial.send(Request(method="GET", path="/Groups"))
    trial.expect(isinstance(answer_checks.listing(answer)["Resources"], list), "Resources is no list")
    trial.expect(
        answer.seconds < LONGEST, f"The answer took {answer.seconds:.2f} seconds; Okta's test allows {LONGEST}"
    )


@TESTS.test("Check status 401", f"{SPEC}; RFC 7644 §3.12")
def unauthorized(trial: Trial) -> None:
    """Without a token: 401 in SCIM's form."""
    request = Call(method="GET", path="/Users", query="count=1", authorization="non-token")
    trial.ask(request, answer_checks.error(401))


@TESTS.test("Check status 404", f"{SPEC}; RFC 7644 §3.12")
def not_found(trial: Trial) -> None:
    """An id that no server makes: 404 in SCIM's form."""
    trial.ask(requests.read("User", "00919288221112222"), answer_checks.error(404))


def _find(user_name: str) -> Request:
    return requests.find_user(WITH_FLAG, user_name)


def _expect_profile(trial: Trial, found: Resource, sent: Resource) -> None:
    with trial.reading():
        trial.expect(found["active"] is sent["active"], "active is another one")
        trial.expect(found["name"]["givenName"] == sent["name"]["givenName"], "name.givenName is another one")
        trial.expect(found["name"]["familyName"] == sent["name"]["familyName"], "name.familyName is another one")
        trial.expect(found["emails"][0]["value"] == sent["emails"][0]["value"], "emails[0].value is another one")
