"""Protocol and endpoints (§6) without PATCH: addresses, formats, filters, pages, lifecycle; security (§7)."""

from urllib.parse import quote

from conformance.profiles.interop.profile import DRAFT, INTEROP
from conformance.suite.trial import Skipped, Trial, eq, patch_body, succeeded
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.answer_checks import WrongAnswer
from entra_client.protocol.transport import SCIM_MEDIA_TYPE, Answer, Request

TESTS = INTEROP.part(3)


@TESTS.test("Resources are addressed by id only", f"{DRAFT} §6.1; RFC 7644 §3.4.1")
def addresses(trial: Trial) -> None:
    """By its id a user is found, by its userName in the path not."""
    made = trial.create("User")
    trial.read("User", made["id"])
    trial.ask(requests.read("User", made["userName"]), answer_checks.error(404))


@TESTS.test("Answers are application/scim+json", f"{DRAFT} §6.2; RFC 7644 §8.1")
def media_type(trial: Trial) -> None:
    """Of resources, lists, discovery and errors."""
    made = trial.create("User")
    for path in (f"/Users/{made['id']}", "/Users", "/Schemas", f"/Users/{trial.name()}"):
        trial.ask(Request(method="GET", path=path), _is_scim)


@TESTS.test("Filters: eq and and", f"{DRAFT} §6.3; RFC 7644 §3.4.2.2")
def filters(trial: Trial) -> None:
    """Both terms have to hold."""
    made = trial.create("User")
    by_name = eq("userName", made["userName"])
    trial.expect_only("User", f"{by_name} and {eq('externalId', made['externalId'])}", made)
    trial.expect(
        not trial.find("User", f"{by_name} and {eq('externalId', 'x')}"), "A term that does not hold is ignored"
    )


@TESTS.test("Filters: an unknown attribute is refused", f"{DRAFT} §6.3; RFC 7644 §3.12")
def unknown_filter(trial: Trial) -> None:
    """400 invalidFilter, never a list."""
    query = f"filter={quote(eq('conformanceUnknownAttribute', 'x'), safe='')}"
    refused = answer_checks.error(400, scim_type="invalidFilter")
    trial.ask(Request(method="GET", path="/Users", query=query), refused)


@TESTS.test("Pages by index or by cursor", f"{DRAFT} §6.4; RFC 7644 §3.4.2.4, RFC 9865")
def pages(trial: Trial) -> None:
    """Two pages of one user each are about two users."""
    for _ in range(2):
        trial.create("User")
    first = trial.get_listing("/Users", "startIndex=1&count=1")["Resources"]
    if len(first) == 1:
        second = trial.get_listing("/Users", "startIndex=2&count=1")["Resources"]
    else:
        cursor = trial.get_listing("/Users", "cursor&count=1")
        first, next_cursor = cursor["Resources"], cursor.get("nextCursor")
        second = trial.get_listing("/Users", f"cursor={quote(str(next_cursor), safe='')}&count=1")["Resources"]
    with trial.reading():
        trial.expect(len(first) == len(second) == 1, "A page does not hold one user")
        trial.expect(first[0]["id"] != second[0]["id"], "Both pages are about the same user")


@TESTS.test("A count of 100 and more", f"{DRAFT} §6.4")
def large_count(trial: Trial) -> None:
    """100 is supported; what exceeds the server's limit is answered with fewer, not refused."""
    for count in (100, 1_000_000):
        trial.get_listing("/Users", f"startIndex=1&count={count}&attributes=userName")


@TESTS.test("A PATCH deletes nobody", f"{DRAFT} §6.6")
def patch_keeps(trial: Trial) -> None:
    """A deactivated user can be read and is listed."""
    made = trial.create("User")
    trial.patch("User", made["id"], {"op": "replace", "path": "active", "value": False})
    trial.read("User", made["id"])
    trial.expect_only("User", eq("userName", made["userName"]), made)


@TESTS.test("What was deleted is gone for every method", f"{DRAFT} §6.6; RFC 7644 §3.6")
def deleted(trial: Trial) -> None:
    """404, and on no list; a DELETE is no deactivation."""
    made = trial.create("User")
    trial.delete("User", made["id"])
    change = patch_body({"op": "replace", "path": "displayName", "value": "x"})
    for request in (
        requests.read("User", made["id"]),
        requests.change("User", made["id"], change),
        requests.delete("User", made["id"]),
    ):
        trial.ask(request, answer_checks.error(404))
    trial.expect(not trial.find("User", eq("userName", made["userName"])), "The deleted user is listed")


@TESTS.test("Names of deleted resources can be used again", f"{DRAFT} §6.6")
def reuse(trial: Trial) -> None:
    """Of a user and of a group."""
    for kind, body in (("User", trial.user_body()), ("Group", trial.group_body())):
        trial.delete(kind, trial.create(kind, body)["id"])
        trial.create(kind, body)


@TESTS.test("POST: 409 uniqueness", f"{DRAFT} §6.9.1; RFC 7644 §3.3")
def conflict_on_create(trial: Trial) -> None:
    """A userName that is in use."""
    body = trial.user_body(active=True)
    trial.create("User", body)
    second = {**trial.user_body(active=True), "userName": body["userName"]}
    trial.ask(requests.create("User", second), answer_checks.error(409, scim_type="uniqueness"))


@TESTS.test("PATCH: 409 uniqueness", f"{DRAFT} §6.9.1; RFC 7644 §3.5.2")
def conflict_on_patch(trial: Trial) -> None:
    """A userName that is in use; the user keeps the one that it had."""
    first, second = trial.create("User"), trial.create("User")
    change = patch_body({"op": "replace", "path": "userName", "value": first["userName"]})
    trial.ask(requests.change("User", second["id"], change), answer_checks.error(409, scim_type="uniqueness"))
    trial.read_with("User", second["id"], {"userName": second["userName"]})


@TESTS.test("Transport security", f"{DRAFT} §7.1")
def transport(trial: Trial) -> None:
    """The base URL is https; on this machine it need not be."""
    if trial.server.target.is_loopback and not trial.server.target.is_encrypted:
        raise Skipped("The base URL is on this machine, where no network is in between.")
    trial.ask(Request(method="GET", path="/Users", query="count=1"), succeeded(200))
    trial.expect(trial.server.target.is_encrypted, "The base URL is http, not https")


TESTS.not_asked(
    "Filters in addresses of other methods than GET", f"{DRAFT} §6.3", "What clients must not send is not sent here."
)


def _is_scim(answer: Answer) -> None:
    if answer.media_type.partition(";")[0].strip().lower() != SCIM_MEDIA_TYPE:
        raise WrongAnswer(f"came as {answer.media_type or 'no media type'} instead of {SCIM_MEDIA_TYPE}")
