"""Reading the body of a request: content coding, character set, size, JSON (RFC 9110 §8)."""

import zlib
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest
from django_scim.constants import SCIM_CONTENT_TYPE

from scim.http.errors import UnsupportedCoding, UnsupportedMediaType
from scim.protocol.errors import InvalidSyntax, TooLarge
from scim.protocol.json_text import parse_json
from scim.protocol.limits import MAX_BODY, MAX_GZIP_MEMBERS

JSON_TYPES = frozenset({SCIM_CONTENT_TYPE, "application/json"})
_UTF_8 = frozenset({"", "utf-8", "utf8"})
_GZIP = frozenset({"gzip", "x-gzip"})  # RFC 9110 §8.4.1.3: both name the same coding
_GZIP_MEMBER = 16 + zlib.MAX_WBITS  # zlib's way to say: with a gzip header and checksum
_STEP = 16 * 1024  # bytes


def read_body(request: HttpRequest) -> Any:
    """The JSON document in the body; None when there is none.

    Raises: UnsupportedMediaType and UnsupportedCoding (415), TooLarge (413), InvalidSyntax (400); InvalidValue for text
    that can't be stored.
    """
    coding = _coding(request)
    raw = _read_raw(request)
    if coding in _GZIP and raw:
        raw = gunzip(raw)
    if not raw.strip():
        return None
    _require_json(request)
    return parse_json(raw)


def gunzip(raw: bytes) -> bytes:
    """Decode gzip, several members after each other too (RFC 1952 §2.2), and never more than a body may have.

    Raises: TooLarge; InvalidSyntax for what is no gzip, or ends too early.
    """
    decoded, decoder = bytearray(), _Gunzip()
    try:
        for piece in decoder.pieces(raw):
            decoded += piece
            if len(decoded) > MAX_BODY:
                raise _too_large("after decoding")
    except zlib.error as error:
        raise InvalidSyntax("The body is no valid gzip, which its Content-Encoding says.") from error
    return bytes(decoded)


class _Gunzip:
    """Decodes gzip in small pieces, so that neither the encoded nor the decoded body is copied as a whole."""

    def __init__(self) -> None:
        self.member: Any = None  # the one that has begun and not ended; zlib's class has no public name
        self.members = 0

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        """The decoded content of all members, piece by piece."""
        for position in range(0, len(raw), _STEP):
            yield from self._decoded(raw[position : position + _STEP])
        while self.member is not None and (piece := self.member.decompress(b"", _STEP)):
            yield piece  # the rest of zlib's buffer
        if self.member is not None and not self.member.eof:
            raise InvalidSyntax("The gzip body ends too early.")

    def _decoded(self, piece: bytes) -> Iterator[bytes]:
        rest = self._begun(piece)
        while rest:
            member = self.member
            yield member.decompress(rest, _STEP)
            if member.eof:
                self.member = None
                rest = self._begun(member.unused_data)
            else:
                rest = member.unconsumed_tail

    def _begun(self, rest: bytes) -> bytes:
        """Begin the next member unless one is open; zero bytes before it are padding."""
        if self.member is None and self.members:
            rest = rest.lstrip(b"\0")
        if self.member is None and rest:
            self.member, self.members = zlib.decompressobj(_GZIP_MEMBER), self.members + 1
        if self.members > MAX_GZIP_MEMBERS:
            raise InvalidSyntax(f"A gzip body may have at most {MAX_GZIP_MEMBERS} members.")
        return rest


def _coding(request: HttpRequest) -> str:
    """The one content coding that the body has. Raises: UnsupportedCoding for another one, or several."""
    header = request.headers.get("Content-Encoding", "").strip().lower()
    codings = [each.strip() for each in header.split(",")]
    named = [each for each in codings if each not in ("", "identity")]
    if not named:
        return ""
    if len(named) > 1 or named[0] not in _GZIP:
        raise UnsupportedCoding(f"Bodies may be sent as they are or with gzip, not with {header[:100]}.")
    return named[0]


def _require_json(request: HttpRequest) -> None:
    media_type = (request.content_type or "").lower()
    if media_type and media_type not in JSON_TYPES:
        raise UnsupportedMediaType(f"Bodies have to be {SCIM_CONTENT_TYPE}, not {media_type[:100]}.")
    charset = (request.content_params or {}).get("charset", "").strip("\"' ").lower()
    if charset not in _UTF_8:
        raise UnsupportedMediaType(f"Bodies have to be UTF-8 (RFC 8259 §8.1), not {charset[:100]}.")


def _read_raw(request: HttpRequest) -> bytes:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise _too_large()
    # Django takes a body without a length for an empty one; gunicorn marks a chunked body as safe to read to its end.
    is_chunked = not request.META.get("CONTENT_LENGTH") and request.META.get("wsgi.input_terminated")
    stream = request.META["wsgi.input"] if is_chunked else request
    try:
        raw: bytes = stream.read(MAX_BODY + 1)
    except OSError as error:  # the client went away, or sent less than it announced
        raise InvalidSyntax("The body did not arrive completely.") from error
    if len(raw) > MAX_BODY:
        raise _too_large()
    return raw


def _too_large(when: str = "") -> TooLarge:
    return TooLarge(f"The body of a request may have at most {MAX_BODY} bytes{f' {when}' if when else ''}.")
