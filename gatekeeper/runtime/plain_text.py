"""Text for a terminal or a log: what a name holds must not move the cursor, start a line or turn the reading direction.

Names come from the identity provider. A carriage return, an escape sequence or a bidirectional override in one of them
could hide a finding of ``doctor``, or write a log line that never happened.
"""

import re
from collections.abc import Mapping
from typing import Any

# C0, DEL and C1 (ECMA-48); line and paragraph separators; bidirectional marks, embeddings, overrides and isolates
# (Unicode TR #9); the invisible tags and the byte order mark. Lone surrogates can't be written at all.
_CLASS = (
    "\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f"
)
_HARMFUL = re.compile(f"[{_CLASS}]")
_HARMFUL_IN_LINES = re.compile(f"(?![\n\t])[{_CLASS}]")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """One line: whatever would act instead of being shown is written as an escape, as Python and JSON write it."""
    return text if text.isascii() and text.isprintable() else _HARMFUL.sub(_escape, text)


def visible_lines(text: str) -> str:
    """The same for text that has lines of its own, such as a traceback or a document."""
    return _HARMFUL_IN_LINES.sub(_escape, text)


def visible_values(value: Any) -> Any:
    """A copy of a document with each text in it, names of members included, made visible."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(name) if isinstance(name, str) else name: visible_values(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [visible_values(each) for each in value]
    return value


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    code = ord(character)
    if code > 0xFFFF:  # as JSON does, in two halves, so that escaped JSON stays JSON
        high, low = divmod(code - 0x10000, 0x400)
        return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
    return _SHORT.get(character) or f"\\u{code:04x}"
