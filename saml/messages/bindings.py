"""From the parameter of a request to the bytes of a message (SAML bindings 3.4 and 3.5)."""

import base64
import binascii
import zlib

from saml.errors import MessageRefused
from saml.refusals.reasons import Reason

LONGEST_PARAMETER = 1536 * 1024  # base64 characters: what a message of 1 MB becomes, with line breaks
INFLATED_LIMIT = 64 * 1024  # bytes
_WHITE_SPACE = b" \t\r\n"


def decode_post(parameter: str) -> bytes:
    """The bytes of a message from a form field. Raises: MessageRefused for anything but base64 of a sensible length."""
    if len(parameter) > LONGEST_PARAMETER:
        raise MessageRefused("encoding", Reason.MESSAGE_TOO_LONG)
    try:
        return base64.b64decode(parameter.encode("ascii").translate(None, _WHITE_SPACE), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MessageRefused("encoding", Reason.NOT_BASE64) from error


def decode_redirect(parameter: str) -> bytes:
    """The bytes of a message from a query, inflated to at most 64 KB (a bomb makes 50 MB of 65 KB).

    Raises: MessageRefused.
    """
    deflated = decode_post(parameter)
    inflater = zlib.decompressobj(wbits=-15)
    try:
        document = inflater.decompress(deflated, INFLATED_LIMIT)
    except zlib.error as error:
        raise MessageRefused("encoding", Reason.NOT_DEFLATED) from error
    if not inflater.eof:
        raise MessageRefused("encoding", Reason.INFLATED_TOO_LARGE)
    return document
