"""What both endpoints do with a request before they look at what it says."""

from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest

from saml.models import Connection

LONGEST_BODY = 64 * 1024  # bytes; commands are below 4 KB


class BodyTooLong(Exception):
    """More than anybody has to say here."""


def connection_of(connection_id: UUID) -> Connection | None:
    """The live connection of an address."""
    return Connection.objects.live().filter(pk=connection_id).first()


def body_of(request: HttpRequest) -> bytes:
    """The body, refused by its stated length before it is read. Raises: BodyTooLong."""
    stated = request.headers.get("Content-Length", "")
    if stated.isdigit() and int(stated) > LONGEST_BODY:
        raise BodyTooLong
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise BodyTooLong from error
    if len(body) > LONGEST_BODY:
        raise BodyTooLong
    return body
