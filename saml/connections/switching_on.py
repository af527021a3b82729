"""Whether a connection is known to work, and letting people sign in through one that was only tried out."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.identity_linking.identity_providers import trust_identity_provider
from gatekeeper.directory.models import SignIn
from gatekeeper.errors import DomainError
from gatekeeper.runtime.transactions import one_transaction
from saml.models import Connection, SignInAttempt


class NotTested(DomainError):
    code = "connection_not_tested"
    sentence = _(
        "%(connection)s stays switched off: no test sign-in has succeeded since its certificates changed last. "
        "Make one first."
    )

    def __init__(self, connection: str) -> None:
        super().__init__(connection=connection)


@dataclass(frozen=True, slots=True)
class Proof:
    """When a message of the identity provider was last believed, in a sign-in or in a test; None when none ever was."""

    at: datetime | None
    was_test: bool = False


def last_proofs() -> dict[UUID, Proof]:
    """For each live connection what shows that it works. One query; sessions are kept for longer than attempts."""
    attempts = SignInAttempt.objects.believed().filter(connection=OuterRef("pk")).order_by("-pk")
    sessions = SignIn.objects.filter(provider=OuterRef("pk")).order_by("-since")
    rows = Connection.objects.live().values_list(
        "pk",
        Subquery(attempts.values("at")[:1]),
        Subquery(attempts.values("is_test")[:1]),
        Subquery(sessions.values("since")[:1]),
    )
    return {key: Proof(at, was_test) if at else Proof(since) for key, at, was_test, since in rows}


def tested_at(connection: Connection) -> datetime | None:
    """When a test was last believed with the certificates that are in force; None when none was. Two queries."""
    tests = SignInAttempt.objects.believed().filter(connection=connection, is_test=True)
    last = tests.order_by("-pk").values_list("at", flat=True).first()
    changed = connection.certificates.live().aggregate(last=Max("since"))["last"]
    return last if last and (changed is None or last >= changed) else None


@one_transaction()
def switch_on(connection_id: UUID, *, actor: Actor) -> Connection:
    """Let people sign in through a connection that was only tried out; one that is switched on stays as it is.

    A test is enough whose message was believed, whoever it named: who tests may not be provisioned here.
    Raises: IdentityProviderNotFound; NotTested when no test sign-in succeeded with the certificates in force.
    """
    connection = Connection.objects.locked(connection_id)
    if connection.test_only and tested_at(connection) is None:
        raise NotTested(connection.name)
    trust_identity_provider(connection_id, actor=actor)
    connection.provider.refresh_from_db()
    return connection
