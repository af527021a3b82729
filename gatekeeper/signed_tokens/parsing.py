"""From the text of a JWS in compact form (RFC 7515 §7.1) to its header and claims. Nothing is believed yet."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from gatekeeper.signed_tokens.reasons import TokenReason
from gatekeeper.signed_tokens.refusals import TokenRefused

LONGEST_TOKEN = 16 * 1024  # characters; those that identity providers send are below 2 KB
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token's text with what it says of itself."""

    text: str
    header: Document
    claims: Document


def parse_token(text: str) -> Token:
    """Split and read a token. Raises: TokenRefused("is_a_token") for anything but three parts that hold objects.

    The signature may not be empty, so that "none" never gets as far as the list of algorithms.
    """
    if len(text) > LONGEST_TOKEN:
        raise TokenRefused("is_a_token", TokenReason.TOKEN_TOO_LONG, limit=LONGEST_TOKEN)
    if not _COMPACT.fullmatch(text):
        raise TokenRefused("is_a_token", TokenReason.NOT_COMPACT)
    header, claims, _ = text.split(".")
    return Token(text=text, header=_object(header, "header"), claims=_object(claims, "payload"))


def read_object(document: bytes) -> Document:
    """A JSON object without surprises: UTF-8, no name twice, no NaN or Infinity, not nested beyond reason.

    Raises: ValueError. Two readers of one name that is there twice could see two different people.
    """
    try:
        found = json.loads(document.decode(), object_pairs_hook=_without_repetition, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply.") from error
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object.")
    return found


def _object(part: str, name: str) -> Document:
    try:
        decoded = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        return read_object(decoded)
    except (binascii.Error, ValueError) as error:
        raise TokenRefused("is_a_token", TokenReason.PART_UNREADABLE, name=name) from error


def _without_repetition(pairs: list[tuple[str, Any]]) -> Document:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice.")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")
