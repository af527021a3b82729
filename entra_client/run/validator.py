"""What Microsoft's SCIM validator asks beside the job: discovery, paging, special characters, odd operations."""

from collections.abc import Callable
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from entra_client.directory.attribute_mapping import CORE_GROUP, CORE_USER, ENTERPRISE, MANAGER
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.answer_checks import WrongAnswer
from entra_client.protocol.client_quirks import PATCH_OP
from entra_client.protocol.transport import Answer, Request
from entra_client.run.provisioning import Job

PAGE = 5  # as many to a page as the gallery test asks for
MOST_PAGES = 4
# Microsoft's documentation once printed this; by the RFC it is none.
NOT_A_FILTER = 'emails[type eq "work"] eq "x"'


def play_validator(job: Job) -> None:
    """Run the tests that the job itself does not cover, on a user of their own that is deleted at the end."""
    steps: tuple[tuple[str, Callable[[Job], None]], ...] = (
        ("validator: discovery", _discover),
        ("validator: pages", _walk_pages),
        ("validator: a user with odd values", _odd_user),
        ("validator: what does not exist", _not_there),
    )
    for name, play in steps:
        with job.talk.step(name):
            play(job)


def _discover(job: Job) -> None:
    """The mapped attributes have to be found in /Schemas, in any case."""
    job.talk.ask(Request(method="GET", path="/ServiceProviderConfig"), _can_patch_and_filter)
    job.talk.ask(Request(method="GET", path="/ResourceTypes"), answer_checks.listing)
    schemas = job.talk.ask(Request(method="GET", path="/Schemas"), answer_checks.listing)["Resources"]
    attributes = {
        schema.get("id"): {str(one.get("name")).lower() for one in schema.get("attributes", [])} for schema in schemas
    }
    for urn, wanted in (
        (CORE_USER, {"username", "displayname", "name", "emails", "active", "title", "addresses", "phonenumbers"}),
        (ENTERPRISE, {"employeenumber", "department", "manager"}),
        (CORE_GROUP, {"displayname", "members"}),
    ):
        request = Request(method="GET", path=f"/Schemas/{urn}")
        missing = sorted(wanted - attributes.get(urn, set()))
        job.talk.ask(request, _describes(urn, missing))


def _walk_pages(job: Job) -> None:
    """Each page starts where it was asked to, and nobody is on two of them."""
    seen: set[str] = set()
    for page in range(MOST_PAGES):
        start = page * PAGE + 1
        answer = job.talk.ask(requests.page_of_users(start, PAGE), _page(start, seen))
        if start + PAGE > answer["totalResults"]:
            return


def _odd_user(job: Job) -> None:
    """Names that need escaping, values that are cleared, several operations on one attribute, in their order."""
    user_name = f"o'neill+{job.company.tenant_id[:8]}@{job.company.domain}"
    body = {
        "schemas": [CORE_USER, ENTERPRISE],
        "userName": user_name,
        "active": True,
        "displayName": 'Zoë "Zo" O\'Neill',
    }
    found = job.talk.ask(requests.find_user(job.quirks, user_name), answer_checks.match("User", "userName", user_name))
    if found is not None:  # left behind by a run that was stopped
        job.talk.ask(requests.delete("User", found["id"]), answer_checks.no_content)
    user_id = job.talk.ask(requests.create("User", body), answer_checks.created("User", body))["id"]
    job.talk.ask(requests.find_user(job.quirks, user_name.upper()), answer_checks.match("User", "userName", user_name))
    work = 'emails[type eq "work"].value'
    _patch(job, user_id, {work: user_name}, {"op": "add", "path": work, "value": user_name})
    _patch(job, user_id, {"title": "Lead"}, {"op": "Add", "path": "title", "value": "Lead"})
    for nothing in ("", None):
        _patch(job, user_id, {}, {"op": "Replace", "path": "title", "value": nothing})
        job.talk.ask(requests.read("User", user_id), _has_nothing_at(user_id, "title"))
    third = str(uuid5(NAMESPACE_URL, user_name))
    several = [
        {"op": "remove", "path": "externalId"},
        {"op": "add", "path": "externalId", "value": "first"},
        {"op": "replace", "path": "externalId", "value": third},
    ]
    _patch(job, user_id, {"externalId": third}, *several)
    for manager in (user_id, "a-manager-who-is-not-here-yet"):
        _patch(
            job, user_id, {f"{MANAGER}.value": manager}, {"op": "replace", "path": MANAGER, "value": {"value": manager}}
        )
    job.talk.ask(requests.delete("User", user_id), answer_checks.no_content)


def _not_there(job: Job) -> None:
    """Every path answers SCIM, and what is not understood is refused, never guessed."""
    nobody = str(uuid5(NAMESPACE_URL, job.company.tenant_id))
    for kind in ("User", "Group"):
        job.talk.ask(requests.read(kind, nobody), answer_checks.error(404))
        job.talk.ask(requests.delete(kind, nobody), answer_checks.error(404))
    job.talk.ask(Request(method="GET", path="/Nothing"), answer_checks.error(404))
    unread = f"filter={job.quirks.filter(NOT_A_FILTER)}"
    job.talk.ask(
        Request(method="GET", path="/Users", query=unread), answer_checks.error(400, scim_type="invalidFilter")
    )
    nameless = {"schemas": [CORE_USER], "displayName": "Nobody"}
    job.talk.ask(requests.create("User", nameless), answer_checks.error(400))


def _patch(job: Job, user_id: str, values: dict[str, Any], *operations: dict[str, Any]) -> None:
    body = {"schemas": [PATCH_OP], "Operations": list(operations)}
    user = job.talk.ask(requests.change("User", user_id, body), answer_checks.patched("User", user_id, values))
    if user is None:
        job.talk.ask(requests.read("User", user_id), answer_checks.found_with("User", user_id, values))


def _can_patch_and_filter(answer: Answer) -> None:
    answer_checks.expect_status(answer, 200)
    config = answer_checks.read_object(answer)
    for feature in ("patch", "filter"):
        if not isinstance(config.get(feature), dict) or config[feature].get("supported") is not True:
            raise WrongAnswer(f"does not say that {feature} is supported, without which Entra cannot work")


def _describes(urn: str, missing: list[str]) -> answer_checks.Check[None]:
    def check(answer: Answer) -> None:
        answer_checks.expect_status(answer, 200)
        if answer_checks.read_object(answer).get("id") != urn:
            raise WrongAnswer(f"is not about {urn}")
        if missing:
            raise WrongAnswer(f"is not listed in /Schemas with {', '.join(missing)}, which Entra maps")

    return check


def _page(start: int, seen: set[str]) -> answer_checks.Check[dict[str, Any]]:
    def check(answer: Answer) -> dict[str, Any]:
        page = answer_checks.listing(answer)
        if page.get("startIndex") != start:
            raise WrongAnswer(f"says startIndex {page.get('startIndex')} where {start} was asked for")
        ids = [resource.get("id") for resource in page["Resources"]]
        if len(ids) > PAGE:
            raise WrongAnswer(f"lists {len(ids)} where {PAGE} were asked for")
        if seen & set(ids) or len(ids) != len(set(ids)):
            raise WrongAnswer("lists somebody who was on an earlier page")
        seen.update(ids)
        return page

    return check


def _has_nothing_at(user_id: str, attribute: str) -> answer_checks.Check[None]:
    def check(answer: Answer) -> None:
        value = answer_checks.found("User", user_id)(answer).get(attribute)
        if value not in (None, ""):
            raise WrongAnswer(f"has {value!r} at {attribute} after that was cleared")

    return check
