"""Every text that people read in a template or a script goes through gettext, so that a second language finds it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.template.base import Lexer, Token, TokenType

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
SCRIPTS = sorted((settings.BASE_DIR / "gatekeeper").glob("static*/**/*.js"))

# What is the same in every language.
ALLOWED = {
    "Gatekeeper",  # the product
    "NameID",  # SAML's name of the element
    "SHA-256",  # a hash function
}
HUMAN_ATTRIBUTES = {"title", "aria-label", "aria-description", "placeholder", "alt", "label", "data-label"}
# Arguments of {% include %} that a program reads.
TECHNICAL_ARGUMENTS = {"id", "name", "anchor", "action", "inside"}
TECHNICAL_BLOCKS = {"page_class", "card_class", "list_address"}

LITERAL = r"""(?:"[^"]*"|'[^']*')"""
FILTER_ARGUMENT = re.compile(rf"\|(?:default|default_if_none|yesno):({LITERAL})")
INCLUDE_ARGUMENT = re.compile(rf"\b(\w+)=({LITERAL})")
SENTENCE_IN_SCRIPT = re.compile(r"""["'`](?:[^"'`\n]*[A-Za-z]+ [a-z]+[^"'`\n]*|[A-Z][a-z]+[….!?]?)["'`]""")


class TextsOfHtml(HTMLParser):
    """Collects text nodes and the attributes that people read or hear."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        is_description = ("name", "description") in attrs
        for name, value in attrs:
            is_sentence = name.startswith("data-") and " " in (value or "").strip()
            if name in HUMAN_ATTRIBUTES or is_sentence or (is_description and name == "content"):
                self.texts.append(value or "")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def unmarked_texts(source: str) -> list[str]:
    """The texts of a template that no ``translate``, ``blocktranslate`` or ``_()`` marks."""
    html, literals = TextsOfHtml(), []
    skipped_until = ""
    for token in Lexer(source).tokenize():
        name = token.split_contents()[0] if token.token_type == TokenType.BLOCK else ""
        if skipped_until:
            skipped_until = "" if name == skipped_until else skipped_until
        elif name in {"blocktranslate", "comment"}:
            skipped_until = f"end{name}"
        elif name == "block" and token.split_contents()[1] in TECHNICAL_BLOCKS:
            skipped_until = "endblock"
        elif token.token_type == TokenType.TEXT:
            html.feed(token.contents)
        if token.token_type in {TokenType.VAR, TokenType.BLOCK}:
            literals += _literals_of(token)
    html.close()
    return [text.strip() for text in html.texts + literals if not _is_allowed(text)]


def _literals_of(token: Token) -> list[str]:
    if "|pluralize" in token.contents:
        return [token.contents]  # other languages have other plurals: {% blocktranslate count %}
    literals = FILTER_ARGUMENT.findall(token.contents)
    if token.contents.startswith(("include ", "with ")):
        arguments = INCLUDE_ARGUMENT.findall(token.contents)
        literals += [value for name, value in arguments if name not in TECHNICAL_ARGUMENTS]
    return [literal[1:-1] for literal in literals if not literal[:-1].endswith(".html")]


def _is_allowed(text: str) -> bool:
    words = text.strip(" \n·()…—:")
    return words in ALLOWED or not re.search(r"[^\W\d_]", words)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_every_text_of_a_template_is_marked_for_translation(path: Path) -> None:
    assert unmarked_texts(path.read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ("<p>{% if x %}Hello{% endif %} {{ name }}</p>", ["Hello"]),
        ('<input placeholder="Your name" class="input wide">', ["Your name"]),
        ("<th {% if x %}hidden{% endif %} data-label='Level'>{{ level }}</th>", ["Level"]),
        ('<p data-saving="It is being saved"></p>', ["It is being saved"]),
        ('<meta name="description" content="A gate">', ["A gate"]),
        ('{{ name|default:"nobody" }}', ["nobody"]),
        ('{{ name|yesno:"yes,no" }}', ["yes,no"]),
        ("{{ count }} user{{ count|pluralize }}", ["user", "count|pluralize"]),
        ('{% include "x.html" with id="search" label="Search users" %}', ["Search users"]),
        ("{% block title %}Teams{% endblock %}", ["Teams"]),
        ("{% block page_class %}page-narrow{% endblock %}", []),
        ("<p>{% translate 'Hello' %} · {{ name }} → 3</p>", []),
        ("{% blocktranslate count n=n %}One{% plural %}{{ n }}{% endblocktranslate %}", []),
        ('<a title="{% translate "Hello" %}" href="/some/where">{{ name|default:_("nobody") }}</a>', []),
        ('{% include "x.html" with id="search" label=_("Search") %}', []),
        ("{# A comment #}<b>Gatekeeper</b>", []),
    ],
)
def test_a_planted_text_is_found_and_a_marked_one_is_not(source: str, found: list[str]) -> None:
    assert unmarked_texts(source) == found


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_show_texts_of_the_page_and_none_of_their_own(path: Path) -> None:
    code = re.sub(r"^\s*//.*$|\s//\s.*$", "", path.read_text(), flags=re.MULTILINE)
    assert SENTENCE_IN_SCRIPT.findall(code) == []


@pytest.mark.parametrize("code", ['text = "Copied";', "show('Not saved: try again.')", "`The ${noun} is gone`"])
def test_a_planted_text_in_a_script_is_found(code: str) -> None:
    assert SENTENCE_IN_SCRIPT.search(code)


def test_every_icon_that_is_named_exists_and_every_icon_is_used() -> None:
    symbols = settings.BASE_DIR / "gatekeeper" / "static" / "gatekeeper" / "icons.svg"
    icons = set(re.findall(r'<symbol id="([\w-]+)"', symbols.read_text()))
    pages = "".join(path.read_text() for path in TEMPLATES)
    code = "".join(path.read_text() for path in (settings.BASE_DIR / "gatekeeper" / "web").rglob("*.py"))
    named = set(re.findall(r'{% icon "([\w-]+)" %}', pages))
    assert named <= icons
    assert {icon for icon in icons - named if f'"{icon}"' not in code} == set()


NATIVE_DATES = re.compile(
    r"""type=["']?(?:datetime-local|date|month|week|time)\b|\b(?:DateInput|DateTimeInput|TimeInput)\b"""
)


def test_moments_and_days_are_typed_as_the_pages_write_them() -> None:
    """A browser's own field for a date has the form of the browser's language, which is not the page's."""
    sources = [*TEMPLATES, *(settings.BASE_DIR / "gatekeeper" / "web").rglob("*.py")]
    assert [str(path) for path in sources if NATIVE_DATES.search(path.read_text())] == []


@pytest.mark.parametrize("source", ['<input type="datetime-local">', "<input type=date>", "widget=forms.DateInput()"])
def test_a_planted_native_field_for_a_date_is_found(source: str) -> None:
    assert NATIVE_DATES.search(source)


DRAGGING = re.compile(r"\bdraggable\b|\b(?:drag(?:start|over|end)|pointermove|mousemove|touchmove)\b")


def test_nothing_is_dragged() -> None:
    """What is dragged needs a way with single presses as well (WCAG 2.5.7); nothing on these pages is."""
    assert [str(path) for path in [*TEMPLATES, *SCRIPTS] if DRAGGING.search(path.read_text())] == []


@pytest.mark.parametrize("code", ['<li draggable="true">', 'addEventListener("pointermove", move)'])
def test_planted_dragging_is_found(code: str) -> None:
    assert DRAGGING.search(code)
