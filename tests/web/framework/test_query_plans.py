"""No page, list or command asks a question whose answer takes PostgreSQL minutes in a large company.

``x IN (SELECT …)`` becomes a join only where it stands alone under AND. Below NOT or OR the list is kept, and once it
is too large to be hashed it is read again for each row: for hours at 100,000 people. NOT EXISTS becomes an anti-join.
"""

import ast
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.identity_linking.linking import link_users
from gatekeeper.directory.models import IdpGroup, Team, User
from tests.builders import link, make_group, make_provider, make_team, make_user, make_users, map_group, remove_members
from tests.scim.conftest import ScimClient, api_key, scim  # noqa: F401 - fixtures

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("gatekeeper", "scim", "saml")
PIECES = re.compile(r"'(?:[^']|'')*'|\(|\)|\b(?:NOT|OR|IN|SELECT)\b")


@dataclass
class Bracket:
    """What stands between two brackets: the lists under it, each with whether something makes it slow already."""

    is_query: bool = True
    is_negated: bool = False
    has_or: bool = False
    lists: list[tuple[str, bool]] = field(default_factory=list)

    def judged(self) -> list[tuple[str, bool]]:
        negated = self.is_negated and not self.is_query  # NOT EXISTS (SELECT …) negates nothing within
        return [(text, slow or negated or self.has_or) for text, slow in self.lists]


def slow_conditions(sql: str) -> list[str]:
    """The ``IN (SELECT …)`` of a statement that stand below NOT or OR, within their own query."""
    found, open_brackets, former, negated_in = list[str](), [Bracket()], "", False
    for piece in PIECES.finditer(sql):
        token = piece.group().upper()
        if token == "(":
            is_query = sql[piece.end() :].lstrip().upper().startswith("SELECT")
            if is_query and former == "IN":
                open_brackets[-1].lists.append((sql[max(0, piece.start() - 80) : piece.end() + 80], negated_in))
            open_brackets.append(Bracket(is_query, former == "NOT"))
        elif token == ")":
            closed = open_brackets.pop()
            if closed.is_query:
                found += [text for text, slow in closed.judged() if slow]
            else:
                open_brackets[-1].lists += closed.judged()
        elif token == "OR":
            open_brackets[-1].has_or = True
        negated_in, former = token == "IN" and former == "NOT", token
    return found + [text for text, slow in open_brackets[0].judged() if slow]


@pytest.mark.parametrize(
    ("sql", "is_slow"),
    [
        ("SELECT 1 FROM a WHERE a.x IN (SELECT y FROM b) AND a.z = 1", False),
        ("SELECT 1 FROM a WHERE (a.x IN (SELECT y FROM b WHERE (b.c OR b.d)) AND a.z = 1)", False),
        ("SELECT 1 FROM a WHERE NOT (a.x IN (SELECT y FROM b))", True),
        ("SELECT 1 FROM a WHERE NOT (a.z = 1 AND a.x IN (SELECT y FROM b))", True),
        ("SELECT 1 FROM a WHERE (a.z = ')' OR a.x IN (SELECT y FROM b))", True),
        ("SELECT 1 FROM a WHERE a.x IN (SELECT y FROM b) OR a.z", True),
        ("SELECT 1 FROM a WHERE (a.w AND (a.x IN (SELECT y FROM b) OR a.z))", True),
        ("SELECT 1 FROM a WHERE NOT EXISTS(SELECT 1 FROM b WHERE b.y = a.x)", False),
        ("SELECT 1 FROM a WHERE a.x IN (SELECT y FROM b WHERE NOT (b.c IN (SELECT d FROM e)))", True),
        ("SELECT 1 FROM a WHERE a.x NOT IN (SELECT y FROM b)", True),
        ("SELECT 1 FROM a WHERE NOT (a.x IN (1, 2)) OR a.z", False),
    ],
)
def test_the_check_knows_a_slow_condition(sql: str, is_slow: bool) -> None:
    assert bool(slow_conditions(sql)) is is_slow


@pytest.fixture
def company(db: None) -> Any:
    """Somebody in every state that a page tells apart."""
    provider, team = make_provider(), make_team()
    people = make_users(4)
    group, other = make_group("GK One", people[:2]), make_group("GK Two", people)
    map_group(group, "administrator", ["users"], [team])
    map_group(None, "collaborator", teams=[make_team()])
    link()
    remove_members(other, people[3])
    make_user("inactive@x.com", active=False)
    return provider


@pytest.fixture
def statements() -> Iterator[Callable[[], list[str]]]:
    """Each statement once, however often it was asked: Django's own log of them has an end."""
    found: dict[str, None] = {}

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        found.setdefault(str(sql))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield lambda: list(found)


@pytest.fixture
def asked(statements: Callable[[], list[str]]) -> Iterator[None]:
    """Looks at every statement of the test afterwards."""
    yield
    found = [(slow, sql) for sql in statements() for slow in slow_conditions(sql)]
    assert not found, "\n".join(f"{slow}\n   in {sql[:3000]}" for slow, sql in found[:3])


ADDRESS = re.compile(r'href="([/?][^"#]*)')


def test_pages(company: Any, admin_client: Client, asked: None) -> None:
    """Every page that a link leads to, searched and filtered as its links do, and the previews of its forms."""
    seen, waiting = set[str](), ["/"]
    while waiting:
        address = waiting.pop()
        kind = re.sub(r"[0-9a-f-]{36}|\d+", "…", address)
        if kind in seen or address.startswith(("/static/", "/sign-out/")):
            continue
        seen.add(kind)
        answer = admin_client.get(address, follow=True)
        if "html" in answer.headers["Content-Type"]:
            waiting += [urljoin(address, link) for link in ADDRESS.findall(unescape(answer.content.decode()))]
    assert {"/settings/configuration/", "/settings/configuration/scim/default-mapping/"} <= seen
    assert len(seen) > 30, sorted(seen)


def test_previews_and_saves(company: Any, admin_client: Client, asked: None) -> None:
    group, team = IdpGroup.objects.get(display_name="GK One"), Team.objects.first()
    assert team is not None
    for address, form in {
        reverse("web:default_mapping"): {"level": "none"},
        reverse("web:preview_default_mapping"): {"level": "none"},
        reverse("web:group_mapping", args=[group.id]): {"level": "none"},
        reverse("web:preview_group_mapping", args=[group.id]): {"level": "none"},
        reverse("web:preview_reset", args=[group.id]): {},
        reverse("web:reset_mapping", args=[group.id]): {},
        reverse("web:preview_fallback_team"): {"team": str(team.id)},
        reverse("web:fallback_team"): {"team": str(team.id)},
        reverse("web:preview_last_group_policy"): {"policy": "fallback"},
        reverse("web:last_group_policy"): {"policy": "fallback"},
        reverse("web:preview_delete_team", args=[team.id]): {},
        reverse("web:preview_document"): {"document": '{"default_mapping": {"level": "none"}}'},
        reverse("web:as_code"): {"document": '{"default_mapping": {"level": "none"}}'},
        reverse("web:deprovisioning_limits"): {"share": 1, "minimum": 1, "minutes": 60, "hold": "on"},
        reverse("web:delete_team", args=[team.id]): {},
    }.items():
        assert admin_client.post(address, form).status_code in (200, 302, 409, 422), address
    assert admin_client.get(reverse("web:deprovisioning_limits")).status_code == 200


TERMS = [
    'userName eq "a@x.com"',
    'userName co "a"',
    "title pr",
    'displayName sw "a"',
    'emails co "x"',
    'emails[type eq "work" and value co "x"]',
    'groups eq "7f8a2b86-44ef-4b8b-9b3e-3d0b4a3b1c11"',
    'groups.display co "GK"',
    'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    'active eq "true"',
]
SHAPES = ["{0}", "not ({0})", "{0} or {1}", "not ({0} and {1})", "{0} and not ({1} or {0})"]


@pytest.mark.skipif("postgresql" not in connection.vendor, reason="SQLite makes a search tree of every list")
@pytest.mark.parametrize("shape", SHAPES)
def test_scim_filters(company: Any, scim: ScimClient, shape: str, asked: None) -> None:  # noqa: F811
    for first, second in zip(TERMS, TERMS[1:] + TERMS[:1], strict=True):
        assert scim.find("/Users", shape.format(first, second)).status_code == 200, first
    for term in ('members.display co "a"', 'members[not (display co "a")]', 'displayName co "GK"'):
        assert scim.find("/Groups", shape.format(term, "externalId pr")).status_code == 200, term


def test_commands_tasks_and_the_api(company: Any, admin_client: Client, asked: None, tmp_path: Path) -> None:
    name = User.objects.filter(origin="scim")[0].user_name
    exported = StringIO()
    call_command("configuration", "export", stdout=exported)
    document = tmp_path / "site.json"
    document.write_text(exported.getvalue().replace('"collaborator"', '"none"'))
    for command in (
        ["access", name],
        ["access", name, "--at", "2026-01-01"],
        ["doctor"],
        ["retention"],
        ["configuration", "apply", str(document), "--dry-run"],
        ["configuration", "apply", str(document)],
    ):
        with suppress(CommandError, SystemExit):
            call_command(*command, stdout=StringIO(), stderr=StringIO())
    link_users(actor=Actor.scheduler("tests"), now=timezone.now())
    assert admin_client.get("/api/v1/users").status_code == 200
    for address in ("/api/v1/users", "/api/v1/groups", "/api/v1/me", "/readyz", "/metrics"):
        admin_client.get(address)


def excluding(node: ast.AST) -> Iterator[ast.Call]:
    """The calls whose conditions this node excludes."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "exclude":
        yield node
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert):
        inside = (each for each in ast.walk(node.operand) if isinstance(each, ast.Call))
        yield from (call for call in inside if isinstance(call.func, ast.Name) and call.func.id == "Q")


def test_no_source_excludes_by_a_list_that_the_database_has_to_make() -> None:
    """What no test happens to reach: ``exclude(x__in=…)`` and ``~Q(x__in=…)`` of anything but values in hand."""
    found = []
    for path in (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text())):
            lists = [each for call in excluding(node) for each in call.keywords if (each.arg or "").endswith("__in")]
            found += [f"{path.relative_to(ROOT)}:{each.lineno}" for each in lists if not in_hand(each.value)]
    assert not found, f"say it with ~Exists: {found}"


def in_hand(value: ast.expr) -> bool:
    """Whether this is a list of values rather than a query."""
    made = isinstance(value, ast.Call) and getattr(value.func, "id", "") in ("list", "sorted", "set", "tuple")
    return made or isinstance(value, ast.List | ast.Tuple | ast.Set | ast.ListComp | ast.SetComp)
