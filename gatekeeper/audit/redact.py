"""Redaction: passwords and keys are never stored in a log, wherever they stand in a document."""

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

import orjson

REDACTED = "•••"
SECRET_NAMES = frozenset({"password", "secret", "token", "authorization", "api_key", "apikey", "x509certificates"})
_VALUES = frozenset({"value", "before", "after", "elements"})  # beside the name of what they are values of
_NAMING = ("path", "attribute")
_NOTHING: frozenset[str] = frozenset()
MOST_ITEMS = 100  # items of one list, members of one object
TEXT_LENGTH = 2000  # characters of one text
_SECRET = re.compile("|".join(SECRET_NAMES))  # anywhere in folded JSON
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DEPTH_LIMIT = 30  # deeper than any SCIM document; what lies below is replaced too


def redact(document: Any) -> Any:
    """A JSON document with the values of secret members replaced; itself where none is named in it.

    A PATCH operation names its attribute in ``path``, and a change in ``attribute``: ``{"path": "password",
    "value": …}`` is redacted as well, and so is ``{"attribute": "password", "before": …, "after": …}``.
    """
    text = _text_of(document)
    return document if text is not None and _names_no_secret(text) else _redacted(document)


def _redacted(document: Any, depth: int = 0) -> Any:
    if depth > _DEPTH_LIMIT:
        return REDACTED
    if isinstance(document, dict):
        secret_beside = _secret_beside(document)
        return {
            name: REDACTED
            if is_secret(text := str(name)) or text.lower() in secret_beside
            else _redacted(value, depth + 1)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [_redacted(item, depth + 1) for item in document]
    return document


def log_copy(document: Any) -> Any:
    """A client's JSON document as a log can store it, itself where nothing in it is to be left out.

    Secrets are redacted as by ``redact``, characters that no column stores are replaced, and what is long keeps its
    beginning and says how much was left out.
    """
    return document if _is_storable_as_it_is(document) else _copy(document)


def _is_storable_as_it_is(document: Any) -> bool:
    """Whether ``_copy`` would change nothing, as the JSON shows: mostly so, which takes a tenth of copying."""
    text = _text_of(document)
    return (
        text is not None
        and len(text) <= TEXT_LENGTH
        and text.count(",") < MOST_ITEMS
        and "\\u" not in text
        and _names_no_secret(text)
    )


def _text_of(document: Any) -> str | None:
    """A document as JSON; None where it is none that orjson writes."""
    try:
        return orjson.dumps(document).decode()
    except orjson.JSONEncodeError:
        return None


def _names_no_secret(text: str) -> bool:
    """Whether a document has no secret, as its JSON shows: neither the name of one nor what is too deep to copy."""
    return text.count("[") + text.count("{") <= _DEPTH_LIMIT and _SECRET.search(text.casefold()) is None


def _copy(document: Any, depth: int = 0) -> Any:
    if depth > _DEPTH_LIMIT:
        return REDACTED
    if isinstance(document, str):
        text = storable(document[:TEXT_LENGTH])
        return text if len(document) <= TEXT_LENGTH else f"{text}… ({len(document)} characters)"
    if isinstance(document, list):
        kept = [_copy(item, depth + 1) for item in document[:MOST_ITEMS]]
        return kept if len(document) <= MOST_ITEMS else [*kept, f"… and {len(document) - MOST_ITEMS} more"]
    if isinstance(document, dict):
        secret_beside = _secret_beside(document)
        some = {
            storable(name)[:TEXT_LENGTH]: REDACTED
            if is_secret(name) or name.lower() in secret_beside
            else _copy(value, depth + 1)
            for name, value in islice(document.items(), MOST_ITEMS)
        }
        return some if len(document) <= MOST_ITEMS else {**some, "…": f"and {len(document) - MOST_ITEMS} more"}
    return document


def storable(text: str) -> str:
    """A text without what no column stores: NUL, and halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:
        return text  # as nearly all texts are; the expression takes ten times as long
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def is_secret(name: str) -> bool:
    """Whether the values of a member of that name, or at that path, are never kept."""
    return name.rsplit(":", 1)[-1].rsplit(".", 1)[-1].casefold() in SECRET_NAMES


def _secret_beside(document: Mapping[str, Any]) -> frozenset[str]:
    """The members of an object, in lower case, that are secret because it names a secret beside them."""
    named = (document[name] for name in _NAMING if name in document)
    return _VALUES if any(is_secret(str(each)) for each in named) else _NOTHING
