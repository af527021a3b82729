"""Revocation: every session and API token of a person ends. The person can sign in again afterwards."""

from typing import NamedTuple

from django.dispatch import Signal

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.models import SessionEnd, User
from gatekeeper.directory.sessions.open_sessions import end_sign_ins
from gatekeeper.runtime.transactions import one_transaction

# Sent with user_id and actor, in the transaction: packages above end the person's credentials and return how many.
credentials_ended = Signal()


class Ended(NamedTuple):
    """How many sessions and API tokens ended."""

    sessions: int
    api_tokens: int


@one_transaction()
def end_everything_of(user: User, *, actor: Actor, because: SessionEnd, api_tokens: bool = True) -> Ended:
    """End every session of a person, through whichever connection it was opened, and with them their API tokens.

    It holds for the next request on every process: sessions and tokens are looked up on each.
    """
    sessions = end_sign_ins([user.id], actor=actor, because=because)
    answers = credentials_ended.send(sender=User, user_id=user.id, actor=actor) if api_tokens else []
    return Ended(sessions, sum(int(ended or 0) for _, ended in answers))
