"""Audit entries about a SAML connection: always its own id and name."""

from collections.abc import Mapping
from typing import Any

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from saml.models import Connection


def record_about(
    connection: Connection,
    event: Event,
    *,
    actor: Actor,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry, in the transaction of the change that it records."""
    record(
        event,
        actor=actor,
        kind="connection",
        object_id=connection.id,
        label=connection.name,
        before=before,
        after=after,
    )
