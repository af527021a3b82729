"""Code, tests and documents cite the rules by their number in docs/rules.md, and each citation leads there."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "docs" / "rules.md"
FOLDERS = ("gatekeeper", "scim", "saml", "pretend_entra", "tests", "docs", "bench")
CITED = re.compile(r"(?:docs/)?rules\.md#([\w-]+)")
WITHOUT_A_PAGE = re.compile(r"\brules? \d+\b", re.IGNORECASE)


def texts() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".md") and path not in (RULES, Path(__file__)):
                yield str(path.relative_to(ROOT)), path.read_text()


def anchors() -> set[str]:
    return set(re.findall(r'<a id="([\w-]+)"></a>', RULES.read_text()))


def test_the_rules_are_numbered_from_1_to_12_in_their_order():
    text = RULES.read_text()

    assert re.findall(r"^## (\d+)\. ", text, re.MULTILINE) == [str(number) for number in range(1, 13)]
    assert re.findall(r'<a id="(\d+)"></a>\n## (\d+)\.', text) == [(str(n), str(n)) for n in range(1, 13)]


def test_each_citation_leads_to_a_rule():
    cited = {(name, anchor) for name, text in texts() for anchor in CITED.findall(text)}

    assert {anchor for _, anchor in cited} & {"9", "10"}  # the two that the most code is about
    assert {(name, anchor) for name, anchor in cited if anchor not in anchors()} == set()


def test_no_rule_is_cited_without_the_page():
    assert [(name, found) for name, text in texts() for found in WITHOUT_A_PAGE.findall(text)] == []
