"""Filters (RFC 7644 §3.4.2.2): each operator, their order, value paths, and what can't be read."""

from urllib.parse import quote

from conformance.profiles.rfc.profile import RFC
from conformance.suite.trial import Trial, eq
from entra_client.directory.attribute_mapping import CORE_USER, ENTERPRISE
from entra_client.protocol import answer_checks
from entra_client.protocol.answer_checks import Resource
from entra_client.protocol.transport import Request

TESTS = RFC.part(2)
CLAUSE = "RFC 7644 §3.4.2.2"


def _two(trial: Trial) -> tuple[str, Resource, Resource]:
    """Two users and a condition that selects exactly them: the first with a title, the second without."""
    common = trial.name()
    first = trial.create("User", trial.user_body(displayName=f"{common} first", title="Lead Counsel"))
    second = trial.create("User", trial.user_body(displayName=f"{common} second"))
    return f'displayName sw "{common}"', first, second


def _expect(trial: Trial, expression: str, *wanted: Resource) -> None:
    found = {one.get("id") for one in trial.find("User", expression)}
    ids = {one["id"] for one in wanted}
    trial.expect(found == ids, f"{expression!r} finds {len(found)} users instead of {len(ids)}, or others")


@TESTS.test("Filter: eq and ne", CLAUSE)
def equal(trial: Trial) -> None:
    """``ne`` also selects who has no value."""
    both, first, second = _two(trial)
    _expect(trial, f'{both} and title eq "Lead Counsel"', first)
    _expect(trial, f'{both} and title ne "Lead Counsel"', second)


@TESTS.test("Filter: co, sw and ew", CLAUSE)
def parts_of_texts(trial: Trial) -> None:
    """A part, the beginning, the end; without regard to case."""
    both, first, _ = _two(trial)
    for operator, part in (("co", "d c"), ("sw", "lead"), ("ew", "counsel")):
        _expect(trial, f'{both} and title {operator} "{part}"', first)
    _expect(trial, f'{both} and title sw "counsel"')
    _expect(trial, f'{both} and title ew "lead"')


@TESTS.test("Filter: pr", CLAUSE)
def present(trial: Trial) -> None:
    """Who has a value."""
    both, first, second = _two(trial)
    _expect(trial, f"{both} and title pr", first)
    _expect(trial, f"{both} and not (title pr)", second)


@TESTS.test("Filter: gt, ge, lt and le on times", CLAUSE)
def times(trial: Trial) -> None:
    """``meta.created`` is after a moment of the past, and before one of the future."""
    both, first, second = _two(trial)
    for operator in ("gt", "ge"):
        _expect(trial, f'{both} and meta.created {operator} "2011-05-13T04:42:34Z"', first, second)
    for operator in ("lt", "le"):
        _expect(trial, f'{both} and meta.created {operator} "2011-05-13T04:42:34Z"')


@TESTS.test("Filter: and before or, not, parentheses", CLAUSE)
def logic(trial: Trial) -> None:
    """``and`` binds closer than ``or``; parentheses bind closest."""
    both, first, second = _two(trial)
    one, other = f'id eq "{first["id"]}"', f'id eq "{second["id"]}"'
    _expect(trial, f"{other} or {one} and title pr", first, second)
    _expect(trial, f"({other} or {one}) and title pr", first)
    _expect(trial, f"{both} and not ({one})", second)


@TESTS.test("Filter: names and operators in any case", f"{CLAUSE}; RFC 7643 §2.1")
def any_case(trial: Trial) -> None:
    """``USERNAME EQ``."""
    made = trial.create("User")
    _expect(trial, f'USERNAME EQ "{made["userName"]}"', made)


@TESTS.test("Filter: names with the schema's URN", "RFC 7644 §3.10")
def qualified(trial: Trial) -> None:
    """Of the core schema and of an extension."""
    department = trial.name()
    made = trial.create("User", trial.user_body(**{ENTERPRISE: {"department": department}}))
    _expect(trial, eq(f"{CORE_USER}:userName", made["userName"]), made)
    _expect(trial, eq(f"{ENTERPRISE}:department", department), made)


@TESTS.test("Filter: sub-attributes and value paths", CLAUSE)
def value_paths(trial: Trial) -> None:
    """``emails.value`` and ``emails[…]``, in which the conditions are about one element."""
    made = trial.create("User")
    address = made["emails"][0]["value"]
    _expect(trial, eq("emails.value", address), made)
    _expect(trial, f'emails[type eq "work" and value co "{address}"]', made)
    _expect(trial, f'emails[type eq "home" and value eq "{address}"]')


@TESTS.test("Filter: booleans", CLAUSE)
def booleans(trial: Trial) -> None:
    """``active eq false``."""
    both, first, second = _two(trial)
    _expect(trial, f"{both} and active eq false", first, second)
    _expect(trial, f"{both} and active eq true")


@TESTS.test("Filter: quotes and backslashes in a value", f"{CLAUSE}; RFC 8259 §7")
def escaped(trial: Trial) -> None:
    """A value is a JSON text, with its escapes, apostrophes and characters of other scripts."""
    name = f'{trial.name()} "Zoë" O\'Neill \\ 東京'
    made = trial.create("User", trial.user_body(displayName=name))
    _expect(trial, eq("displayName", name), made)


@TESTS.test("Filter: what can't be read is refused", f"{CLAUSE}; RFC 7644 §3.12")
def unreadable(trial: Trial) -> None:
    """400 invalidFilter, never a list: a client would take it for the answer to what it asked."""
    for expression in (
        "userName eq",
        "userName xx 1",
        'userName eq "a" and',
        "(userName pr",
        'unknownAttribute eq "a"',
    ):
        request = Request(method="GET", path="/Users", query=f"filter={quote(expression, safe='')}")
        trial.ask(request, answer_checks.error(400, scim_type="invalidFilter"))
