"""Names, comments, pages and documents use the terms of SCIM, SAML, OAuth and Django; private words stay gone."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("gatekeeper", "scim", "saml", "pretend_entra", "templates", "tests", "bench", "docs")
SUFFIXES = (".py", ".html", ".js", ".css", ".md")
# The word as it was used -> what the field says.
PRIVATE = {
    r"doors?": "endpoint, or channel of an actor",
    r"desks?": "administrators' pages",
    r"diary|diaries": "logs",
    r"tally|tallies": "counts",
    r"knocks?": "request",
    r"pulse": "health",
    r"brakes?": "deprovisioning limit",
    r"dialects?": "client quirks",
    r"(?:is|are) worth": "grants",
    r"strangers?": "unauthenticated client, unknown person",
}
# Words that a test may need in their plain sense.
PRIVATE_IN_SOURCES = {r"rooms?": "package, or area of pages", r"told": "shown, described, reported"}
# Where one of the words is stored, or is somebody else's.
ALLOWED = {
    "brakes.set": "an event of entries that exist, which are never rewritten",
    "brakes.tripped": "the same",
    "brakes.released": "the same",
    '"door"': "the column's name in databases that exist, and in messages of an earlier release",
    "``door``": "the same",
    "SET door =": "the same",
    "actor_name actor_id door request_id": "the same",
    '"stranger"': "the stored kind of an actor who is not signed in",
    "and stranger (an": "the same",
    "received_event_of_strangers": "the name of an index in databases that exist",
    "brake_setting_one_live": "the name of a constraint in databases that exist",
}


def pattern(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z])(?:{'|'.join(words)})(?![a-z])", re.IGNORECASE)


IN_TESTS = pattern(PRIVATE)
IN_SOURCES = pattern([*PRIVATE, *PRIVATE_IN_SOURCES])


def lines() -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "migrations" not in path.parts and path != Path(__file__):
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    yield f"{path.relative_to(ROOT)}:{number}", line


def private_words(line: str, place: str = "gatekeeper/") -> list[str]:
    for stored in ALLOWED:
        line = line.replace(stored, "")
    words = IN_TESTS if place.startswith("tests/") else IN_SOURCES
    return words.findall(line)


def test_no_private_word_is_left_anywhere():
    assert {place: found for place, line in lines() if (found := private_words(line, place))} == {}


@pytest.mark.parametrize(
    "line", ["def scim_door():", "# Who knocks", "what a group is worth", "class Tally:", "_told(x)"]
)
def test_a_private_word_is_found_in_names_and_in_prose(line: str):
    assert private_words(line)


@pytest.mark.parametrize("line", ["RETIRED = 'brakes.tripped'", "indoors", "worth a warning", "gatekeeper"])
def test_what_only_looks_like_one_is_not_found(line: str):
    assert not private_words(line)
