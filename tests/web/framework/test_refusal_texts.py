"""What a page says when a service refuses is in its reader's language: each text of a DomainError is marked."""

import ast
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from django.utils.translation import override

from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.maintenance.log_retention import keep_logs_for
from tests.builders import ADMIN
from tests.once import ONCE

pytestmark = ONCE

ROOT = Path(__file__).parents[3]
MARKS = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}

# Whose texts no page shows, with the reason.
FOR_PROGRAMS = {
    "gatekeeper/api/": "answers of the management API, which are English",
    "gatekeeper/backup/": "lines of a command",
    "scim/": "answers of SCIM, which are English, but for what Settings > SCIM calls",
}
SHOWN_OF_THEM = ("gatekeeper/api/tokens.py", "scim/credentials/", "scim/protocol/custom_attributes.py")

# What answers a browser; and where the name of the value is wanted in the text after all, with the reason.
PAGES = ("gatekeeper/web/", "saml/views/refusals.py")
WITH_ITS_NAME = {
    "gatekeeper/web/site_settings/config_as_code.py": "the place in the document, which has no fields of its own",
    "gatekeeper/web/framework/metadata/forms.py": "the reason goes on with a sentence that has begun",
    "gatekeeper/web/saml_settings/connection_changes.py": "as above",
}


def _is_shown(path: str) -> bool:
    return path.startswith(SHOWN_OF_THEM) or not path.startswith(tuple(FOR_PROGRAMS))


def _sources() -> dict[str, ast.Module]:
    files = chain.from_iterable((ROOT / package).rglob("*.py") for package in ("gatekeeper", "saml", "scim"))
    return {
        str(each.relative_to(ROOT)): ast.parse(each.read_text()) for each in files if "migrations" not in each.parts
    }


def _refusals(sources: dict[str, ast.Module]) -> set[str]:
    """The names of DomainError and of all that inherit from it, however deep."""
    bases: dict[str, set[str]] = {}
    for node in chain.from_iterable(map(ast.walk, sources.values())):
        if isinstance(node, ast.ClassDef):  # SCIM's errors share some names with the domain's
            bases.setdefault(node.name, set()).update(getattr(base, "id", "") for base in node.bases)
    known = {"DomainError"}
    while more := {name for name, its in bases.items() if its & known} - known:
        known |= more
    return known


def _texts_of(tree: ast.Module, refusals: set[str]) -> Iterator[ast.expr]:
    """The expressions that become the text of a refusal: arguments where one is made, and ``sentence`` of a class."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in refusals:
            yield from node.args
        if isinstance(node, ast.ClassDef) and node.name in refusals:
            yield from _texts_of_class(node)


def _texts_of_class(node: ast.ClassDef) -> Iterator[ast.expr]:
    for part in ast.walk(node):
        if isinstance(part, ast.Assign) and any(getattr(each, "id", "") == "sentence" for each in part.targets):
            yield part.value
        if isinstance(part, ast.Call) and ast.unparse(part.func) == "super().__init__":
            yield from part.args


def _unmarked(expression: ast.expr) -> Iterator[str]:
    """Literals of several words in it that no mark of gettext stands around."""
    if isinstance(expression, ast.Call) and getattr(expression.func, "id", "") in MARKS:
        return
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str) and " " in expression.value.strip():
        yield expression.value
    for child in ast.iter_child_nodes(expression):
        if isinstance(child, ast.expr):
            yield from _unmarked(child)


def test_each_refusal_that_a_page_can_show_is_marked_for_translation() -> None:
    sources = _sources()
    refusals = _refusals(sources)

    unmarked = [
        f"{path}:{text.lineno}: {literal}"
        for path, tree in sources.items()
        if _is_shown(path)
        for text in _texts_of(tree, refusals)
        for literal in _unmarked(text)
    ]

    assert unmarked == []


def _refusals_at_hand(tree: ast.Module, refusals: set[str]) -> set[str]:
    """The names under which a module has a refusal: caught as such, or taken as a parameter."""
    caught = {each.name for each in ast.walk(tree) if isinstance(each, ast.ExceptHandler) and each.name}
    taken = {
        each.arg
        for each in ast.walk(tree)
        if isinstance(each, ast.arg) and each.annotation and refusals & set(ast.unparse(each.annotation).split(" | "))
    }
    return caught | taken


def _not_as_a_page_shows_it(tree: ast.Module, refusals: set[str]) -> Iterator[ast.expr]:
    names = _refusals_at_hand(tree, refusals)
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id=name)]) if name in names:
                yield node
            case ast.FormattedValue(value=ast.Name(id=name)) if name in names:
                yield node
            case ast.Attribute(value=ast.Name(id=name), attr="reason") if name in names:
                yield node


def test_each_page_shows_a_refusal_as_a_sentence() -> None:
    sources = _sources()
    refusals = _refusals(sources)

    shown = {
        f"{path}:{found.lineno}: {ast.unparse(found)}": path
        for path, tree in sources.items()
        if path.startswith(PAGES)
        for found in _not_as_a_page_shows_it(tree, refusals)
    }

    assert [where for where, path in shown.items() if path not in WITH_ITS_NAME] == []
    assert set(WITH_ITS_NAME) <= set(shown.values()), "an exception that is none any more"


@pytest.mark.django_db
def test_a_refusal_is_in_the_language_of_whoever_reads_it() -> None:
    refused: DomainError | None = None
    try:
        keep_logs_for({"provisioning_log": 3}, actor=ADMIN)
    except InvalidValue as error:
        refused = error

    assert str(refused) == "provisioning_log: choose a number of days from 7 to 36500, or for ever."
    with override("de"):
        assert str(refused) == "provisioning_log: wählen Sie eine Zahl von Tagen von 7 bis 36500, oder für immer."
