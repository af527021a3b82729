"""The credentials of a run: a key as it is, or an access token of the target's token endpoint."""

import json
from typing import Any

from conformance.http.exchange import Reply
from conformance.http.tokens import by_assertion, by_secret, metadata_request, token_path
from conformance.suite.server import OAuthClient, Server
from entra_client.protocol.transport import NoAnswer, Request


class CannotBegin(Exception):
    """The server can't be tested at all: not there, or it refuses the credentials. The text says which."""


def begin(server: Server) -> None:
    """Take a token where there is an OAuth client, and look whether the server is there and accepts the credentials.

    Raises: CannotBegin.
    """
    try:
        if server.credentials.client is not None and not server.credentials.api_key:
            _take_token(server, server.credentials.client)
        reply = server.send(Request(method="GET", path="/Users", query="startIndex=1&count=1"))
    except NoAnswer as problem:
        raise CannotBegin(f"{server.target.base} does not answer: {problem}.") from problem
    if reply.status in (401, 403):
        raise CannotBegin(f"{server.target.base} refuses the credentials: GET /Users is answered {reply.status}.")


def find_metadata(server: Server) -> dict[str, Any] | None:
    """The authorization server's metadata at the origin (RFC 8414), where it publishes some. Raises: NoAnswer."""

    def ask() -> dict[str, Any] | None:
        reply = server.send(metadata_request())
        return read_object(reply) if reply.status == 200 else None

    return server.once("metadata", ask)


def token_request(server: Server, client: OAuthClient) -> Request:
    """The token request of a client, in the way that it authenticates. Raises: NoAnswer."""
    path = token_path(server.target, find_metadata(server))
    if client.assertion is None:
        return by_secret(path, client.client_id, client.client_secret)
    assertion = client.assertion()
    server.hide(assertion)
    return by_assertion(path, client.client_id, assertion)


def token_in(server: Server, reply: Reply) -> str:
    """The access token of an answer, or nothing. No report shows it from then on."""
    token = (read_object(reply) or {}).get("access_token")
    if reply.status != 200 or not isinstance(token, str) or not (token.isascii() and token.isprintable()):
        return ""
    server.hide(token)
    return token


def read_object(reply: Reply) -> dict[str, Any] | None:
    """The JSON object of an answer, whatever its media type; None where it is none."""
    try:
        document = json.loads(reply.content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _take_token(server: Server, client: OAuthClient) -> None:
    request = token_request(server, client)
    reply = server.send(request)
    token = token_in(server, reply)
    if not token:
        said = " ".join(reply.content[:200].decode(errors="replace").split())
        where = f"{server.target.origin}{request.path}"
        raise CannotBegin(server.without_secrets(f"{where} gives no access token: {reply.status} {said}".rstrip()))
    server.authorize(token)
