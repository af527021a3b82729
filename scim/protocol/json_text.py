"""Parsing JSON from a client as strictly as RFC 8259 allows, with bounds on nesting and numbers. Pure."""

import json
import re
from math import isinf
from typing import Any

from scim.protocol.errors import InvalidSyntax, InvalidValue
from scim.protocol.limits import MAX_JSON_DEPTH

_ESCAPED = re.compile(rb"\\.", re.DOTALL)
_QUOTED = re.compile(rb'"[^"]*"?')
_STRUCTURE = b'[]{}"'
_SQUARE = bytes.maketrans(b"{}", b"[]")
_ALL_ELSE = bytes(set(range(256)) - set(_STRUCTURE))
# Escapes for what no column stores: NUL, and halves of surrogate pairs (valid JSON, no Unicode text).
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")


def parse_json(raw: bytes, what: str = "The body") -> Any:
    """Parse UTF-8 JSON; a byte order mark is forgiven.

    Raises: InvalidSyntax for what is no JSON, nests too deeply, names a member twice or holds a number that no double
    holds; InvalidValue for NUL and lone surrogates.
    Cost:    the nesting is counted without recursion before anything is parsed.
    """
    require_shallow(raw, what)
    try:
        text = raw.decode("utf-8-sig")
        document = _loads(text)
    except ValueError as error:
        raise InvalidSyntax(f"{what} is no valid JSON: {error}.") from error
    if _SUSPECT.search(text) or "\x00" in text:
        _refuse_unstorable(document, what)
    return document


def object_in_text(text: str) -> Any:
    """The object in a text that is JSON, as Entra sends roles; a text that is none stays as it is.

    Raises: InvalidSyntax for JSON that is not bounded or not clear, as in a body.
    """
    if not text.lstrip().startswith("{"):
        return text
    try:
        require_shallow(text.encode(), "The JSON in a text")
        return _loads(text)
    except json.JSONDecodeError:
        return text
    except ValueError as error:
        raise InvalidSyntax(f"The JSON in a text is not clear: {error}.") from error


def _loads(text: str) -> Any:
    return json.loads(
        text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_integer, object_pairs_hook=_unique
    )


def require_shallow(raw: bytes, what: str) -> None:
    """Refuse JSON whose objects and lists nest deeper than the limit. Raises: InvalidSyntax.

    Each round takes away the innermost pairs; what is left after so many rounds as the limit allows is too deep.
    """
    left = _brackets(raw)
    for _ in range(MAX_JSON_DEPTH):
        if not left:
            return
        shorter = left.replace(b"[]", b"")
        if len(shorter) == len(left):  # brackets that match none; the parser says so, unless they are too many for it
            break
        left = shorter
    if b"[" * (MAX_JSON_DEPTH + 1) in left or b"[]" in left:
        raise InvalidSyntax(f"{what} nests more than {MAX_JSON_DEPTH} objects and lists.")


def _brackets(raw: bytes) -> bytes:
    """The brackets of a document, all of them square, without those inside texts."""
    if b"\\" in raw:
        raw = _ESCAPED.sub(b"", raw)
    # Quotes beside each other enclose nothing that counts, whether they are one text or the border of two.
    left = raw.translate(_SQUARE, _ALL_ELSE).replace(b'""', b"")
    return _QUOTED.sub(b"", left) if b'"' in left else left


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8259 §4: what a receiver makes of a name that stands twice is unpredictable, so it is not guessed.

    Names of SCIM differ by more than their case (RFC 7643 §2.1).
    """
    members = dict(pairs)
    names = set(map(str.lower, members))
    if len(names) != len(pairs):
        twice = next(name for name, _ in pairs if _is_gone(names, name.lower()))
        raise ValueError(f"the name {twice[:100]!r} stands twice in one object")
    return members


def _is_gone(names: set[str], name: str) -> bool:
    """Whether ``name`` was taken out before; takes it out."""
    gone = name not in names
    names.discard(name)
    return gone


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise ValueError(f"the number {text[:20]}{'…' * (len(text) > 20)} is too large")
    return number


def _integer(text: str) -> int:
    _finite(text)  # more digits than a double counts (RFC 8259 §6), and than Python converts in linear time
    return int(text)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _refuse_unstorable(document: Any, what: str) -> None:
    text = json.dumps(document, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue(f"A text in {what[0].lower()}{what[1:]} holds half of a surrogate pair.") from error
    if "\\u0000" in text.replace("\\\\", ""):
        raise InvalidValue(f"A text in {what[0].lower()}{what[1:]} holds the NUL character.")
