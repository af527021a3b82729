"""A signed command of an identity provider, from the token to what it ends. Both endpoints come here.

The use of a token and what it brings about are one transaction: a command whose effect failed can be sent again, and
one that was carried out, or refused for what it says, cannot.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.models import SessionEnd, User
from gatekeeper.directory.sessions.revocation import Ended, end_everything_of
from gatekeeper.outbound.fetching import Limits, fetch_document
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.signed_tokens.key_sets import find_key
from gatekeeper.signed_tokens.parsing import Token
from gatekeeper.signed_tokens.refusals import TokenRefused
from gatekeeper.signed_tokens.single_use import use_once
from gatekeeper.signed_tokens.verification import Expectation, verify_token
from saml.models import Connection
from saml.security_events.received import Received
from saml.security_events.refusals import CommandRefused
from saml.security_events.sources import Source
from saml.security_events.subjects import Subject, find_people

_KEY_SET = Limits(size=256 * 1024)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """How the tokens of one kind of command look."""

    types: frozenset[str]
    max_age: timedelta
    needs_expiry: bool


@dataclass(frozen=True, slots=True)
class VerifiedCommand:
    """A token that is the identity provider's, and what it was held against."""

    token: Token
    expected: Expectation


def fetch_keys(url: str) -> bytes:
    """The document at a JWKS URL, with every guard of the metadata fetch. Raises: FetchRefused."""
    return fetch_document(url, _KEY_SET)


def verify_command(text: str, source: Source, rules: Rules, now: datetime) -> VerifiedCommand:
    """Raises: TokenRefused. Keys are fetched with the limits of the metadata fetch."""
    expected = Expectation(
        issuer=source.issuer,
        audiences=frozenset({source.audience}),
        types=rules.types,
        max_age=rules.max_age,
        needs_expiry=rules.needs_expiry,
        now=now,
    )
    token = verify_token(text, expected, lambda kid: find_key(source.jwks_url, kid, fetch=fetch_keys))
    return VerifiedCommand(token, expected)


class Repeated(Exception):
    """The token was used before."""


def carry_out(verified: VerifiedCommand, do: Callable[[], Received]) -> tuple[Received, CommandRefused | None]:
    """Use the token up, and do what it asks for; a refusal uses it up, too. Raises: Repeated, and nothing was done."""
    with one_transaction():
        try:
            use_once(verified.token, verified.expected)
        except TokenRefused as refusal:
            raise Repeated from refusal
        try:
            with transaction.atomic():
                return do(), None
        except CommandRefused as refusal:
            return Received(check=refusal.check, reason=refusal.reason, parameters=refusal.parameters), refusal


def end_for(
    connection: Connection, subject: Subject, *, issuer: str, event: str, api_tokens: bool, request_id: str
) -> Received:
    """End what is open for whom ``subject`` names, in the name of the connection. Raises: CommandRefused."""
    actor = Actor.identity_provider(connection.name, request_id=request_id)
    people = find_people(connection, subject, issuer)
    ended = [_end(user, actor, event=event, api_tokens=api_tokens) for user in people]
    return Received(
        event=event,
        subject=subject.shown,
        user=people[0],
        sessions=sum(each.sessions for each in ended),
        api_tokens=sum(each.api_tokens for each in ended),
    )


def _end(user: User, actor: Actor, *, event: str, api_tokens: bool) -> Ended:
    ended = end_everything_of(user, actor=actor, because=SessionEnd.IDP_COMMAND, api_tokens=api_tokens)
    record(
        Event.IDP_EVENT_ACCEPTED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        after={"event": event, "sessions": ended.sessions, "api_tokens": ended.api_tokens},
    )
    return ended
