"""The opaque cursors of RFC 9865: signed, bound to the query that they belong to, and valid for an hour."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

from scim.protocol.errors import ExpiredCursor, InvalidCursor
from scim.protocol.limits import CURSOR_TIMEOUT
from scim.query.list_request import Query

# A dot is allowed unescaped in an address (RFC 3986 §2.3) and is in no base64 text.
_SIGNER = TimestampSigner(salt="scim.cursor", sep=".")


@dataclass(frozen=True)
class Position:
    """Where a page ended: the resource type, its last row's sort key (as JSON) and id."""

    type_name: str
    key: Any
    row_id: str


def write_cursor(query: Query, position: Position) -> str:
    """The text that goes into ``nextCursor``."""
    fields = {"t": position.type_name, "k": position.key, "i": position.row_id, "q": _fingerprint(query)}
    text: str = _SIGNER.sign_object(fields)
    return text


def read_cursor(query: Query) -> Position | None:
    """The position that the query's cursor stands for; None for the first page.

    Raises: InvalidCursor for one that this server did not make, or made for another filter or order; ExpiredCursor.
    """
    if not query.cursor:
        return None
    try:
        fields = _SIGNER.unsign_object(query.cursor, max_age=CURSOR_TIMEOUT)
    except SignatureExpired as error:
        raise ExpiredCursor(
            f"The cursor is older than {CURSOR_TIMEOUT} seconds; begin again with an empty one."
        ) from error
    except (BadSignature, ValueError) as error:
        raise InvalidCursor("The cursor is none of this server's; begin again with an empty one.") from error
    if fields["q"] != _fingerprint(query):
        raise InvalidCursor("The cursor belongs to another filter or order; begin again with an empty one.")
    return Position(fields["t"], fields["k"], fields["i"])


def _fingerprint(query: Query) -> str:
    asked = json.dumps([query.scope, query.filter, query.sort_by, query.descending])
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
