"""docs/asvs.md leaves no requirement out, names what exists, and counts rightly; and what no other test holds of it.

The numbers of the requirements stand in asvs_5_0_0.txt, each with its level.
"""

import ast
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.test import Client

from gatekeeper import settings as site
from gatekeeper.directory.local_accounts.accounts import create_local_administrator
from gatekeeper.directory.models import User
from gatekeeper.runtime.logging import logging_configuration
from gatekeeper.web.login import forms as pages
from tests.api.conftest import browser_of
from tests.builders import ADMIN, make_administrator
from tests.once import ONCE
from tests.web.addresses import all_addresses

pytestmark = ONCE

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "asvs.md"
INVENTORY = ROOT / "docs" / "cryptography.md"
STATES = ("met", "not met", "not applicable")
NO_TEST = "–"
_ROW = re.compile(r"\| (\d+\.\d+\.\d+) \|")
_FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*\.(?:py|md|html|js|json|txt|toml))`")
_CRYPTOGRAPHY = {"argon2", "cryptography", "hashlib", "hmac", "joserfc", "onelogin", "secrets", "webauthn", "xmlsec"}
_OF_DJANGO = {"django.contrib.auth.hashers", "django.core.signing", "django.utils.crypto"}


class Row(NamedTuple):
    number: str
    asked: str
    state: str
    why: str
    tests: str


def rows() -> list[Row]:
    found = [line for line in PAGE.read_text().splitlines() if _ROW.match(line)]
    return [Row(*(cell.strip() for cell in line.strip().strip("|").split(" | "))) for line in found]


def levels() -> dict[str, str]:
    lines = (Path(__file__).parent / "asvs_5_0_0.txt").read_text().splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))


def test_every_requirement_is_there_once_and_in_order() -> None:
    assert [row.number for row in rows()] == list(levels())
    assert Counter(levels().values()) == {"1": 70, "2": 183}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_a_row_says_its_state_and_why(row: Row) -> None:
    assert row.state in STATES
    assert row.asked
    assert row.why


def test_the_table_of_totals_is_right() -> None:
    counted = Counter((levels()[row.number], row.state) for row in rows())
    lines = PAGE.read_text().splitlines()
    for level in ("1", "2"):
        numbers = [counted[level, state] for state in STATES]
        assert "| " + " | ".join(map(str, [level, *numbers, sum(numbers)])) + " |" in lines
    both = [counted["1", state] + counted["2", state] for state in STATES]
    assert "| " + " | ".join(map(str, ["both", *both, sum(both)])) + " |" in lines


@cache
def functions_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def named_tests() -> list[str]:
    cells = [row.tests for row in rows() if row.tests != NO_TEST]
    return sorted({name.strip("`") for cell in cells for name in cell.split(", ")})


@pytest.mark.parametrize("name", named_tests())
def test_a_test_that_is_named_exists(name: str) -> None:
    path, _, function = name.partition("::")

    assert function.startswith("test_")
    assert function in functions_of(ROOT / path)


@pytest.mark.parametrize("page", [PAGE, INVENTORY], ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    named = set(_FILE.findall(page.read_text()))

    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_every_heading_that_is_referred_to_exists() -> None:
    for page, heading in re.findall(r"`(docs/[\w-]+\.md)`,? \(?\"([^\"]+)\"", PAGE.read_text()):
        assert re.search(rf"^(#+ |\*\*){re.escape(heading)}", (ROOT / page).read_text(), re.MULTILINE), (page, heading)


def files_that_use_cryptography() -> Iterator[str]:
    for package in ("gatekeeper", "scim", "saml"):
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts and any(map(_is_cryptography, _imports(path))):
                yield path.relative_to(ROOT).as_posix()


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _is_cryptography(module: str) -> bool:
    return module in _OF_DJANGO or module.partition(".")[0] in _CRYPTOGRAPHY


def test_every_file_that_uses_cryptography_is_in_the_inventory() -> None:
    assert set(_FILE.findall(INVENTORY.read_text())) == set(files_that_use_cryptography())


def test_password_fields_are_masked_and_help_password_managers() -> None:
    every = [form for form in vars(pages).values() if isinstance(form, type) and issubclass(form, forms.Form)]
    words = {
        "password": "current-password",
        "current": "current-password",
        "new": "new-password",
        "again": "new-password",
    }
    found = [(name, field.widget) for form in every for name, field in form.base_fields.items() if name in words]

    assert {name for name, _ in found} == set(words)
    for name, widget in found:
        assert widget.input_type == "password"
        assert widget.attrs["autocomplete"] == words[name]


@pytest.mark.django_db
def test_a_long_password_counts_to_its_last_character_and_blank() -> None:
    password = " four odd words side by side " * 20 + " "
    create_local_administrator("long@example.com", password, actor=ADMIN)

    def status(text: str) -> int:
        return Client().post("/sign-in/", {"email": "long@example.com", "password": text}).status_code

    assert status(password[:-1]) == 422
    assert status(password.upper()) == 422
    assert status(password) == 302


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/profile/", "/users/", "/audit-trail/", "/settings/configuration/", "/nowhere/"])
def test_signing_out_is_on_every_page(address: str) -> None:
    page = browser_of(make_administrator()).get(address)

    assert '<form method="post" action="/sign-out/">' in page.text


def test_no_program_is_started_and_no_text_is_run() -> None:
    modules = {"subprocess", "pickle", "marshal", "shelve", "yaml"}
    calls = {"eval", "exec", "compile", "system", "popen", "execv", "execvp", "spawnv"}
    used = set()
    for package in ("gatekeeper", "scim", "saml"):
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text())
            used |= {(path.name, name) for name in _imports(path) if name.partition(".")[0] in modules}
            used |= {(path.name, called) for called in _called(tree) if called in calls}

    assert used == set()


def _called(tree: ast.AST) -> Iterator[str]:
    """The names of the builtin and of os's functions that are called; ``re.compile`` is neither."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            yield node.func.id
        elif isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "os":
            yield node.func.attr


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/sign-in/", "/api/v1/me", "/scim/v2/Users", "/healthz", "/nowhere/"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_no_other_origin_is_allowed_to_read(address: str, method: str) -> None:
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "GET"}

    answer = Client().generic(method, address, headers=asked)

    assert [name for name in answer.headers if name.lower().startswith("access-control-")] == []


@pytest.mark.django_db
def test_the_key_of_a_session_has_more_than_128_random_bits() -> None:
    key = browser_of(make_administrator()).cookies[site.SESSION_COOKIE_NAME].value

    assert re.fullmatch("[a-z0-9]{32}", key)
    assert math.log2(36**32) > 128


def test_passwords_are_stored_as_argon2id() -> None:
    assert site.PASSWORD_HASHERS[0] == "django.contrib.auth.hashers.Argon2PasswordHasher"
    stored = Argon2PasswordHasher().encode("correct horse battery staple", "c2FsdHNhbHQ")

    assert stored.startswith("argon2$argon2id$")
    assert get_user_model() is User


@pytest.mark.django_db
@pytest.mark.parametrize("address", sorted({address.shown for address in all_addresses()}))
def test_no_address_answers_trace(address: str) -> None:
    path = re.sub(r"<[^>]*>", "00000000-0000-4000-8000-000000000000", address).replace("…", "x")

    assert Client(raise_request_exception=False).generic("TRACE", path).status_code >= 300


def test_scripts_keep_nothing_but_colours_and_shortcuts() -> None:
    scripts = [path for folder in ("static", "static_sources") for path in (ROOT / "gatekeeper" / folder).rglob("*.js")]
    source = "\n".join(script.read_text() for script in scripts)

    assert set(re.findall(r"localStorage\.\w+\(\"([^\"]+)\"", source)) == {
        "gatekeeper-theme",
        "gatekeeper-single-keys",
    }
    assert source.count("localStorage") == len(re.findall(r"localStorage\.\w+\(\"gatekeeper-", source))
    assert not re.search(r"sessionStorage|indexedDB|document\.cookie|caches\.|postMessage|innerHTML|\beval\(", source)


@pytest.mark.parametrize("form", ["console", "json"])
def test_log_lines_have_their_time_in_utc(form: str) -> None:
    chain = logging_configuration(form, debug=False)["formatters"]["line"]["foreign_pre_chain"]
    event = {"event": "something", "_record": None}
    stamped = next(step for step in chain if type(step).__name__ == "TimeStamper")(None, "info", event)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", stamped["timestamp"])
