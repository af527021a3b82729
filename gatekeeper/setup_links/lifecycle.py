"""A set-up link is made, opened in one browser, revoked, finished and forgotten. Each is in the audit trail."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.field_values import require_storable
from gatekeeper.directory.models import User
from gatekeeper.errors import IdentityProviderNotFound, InvalidValue
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.bearer_keys import SECRET_BYTES, KeyKind, digest
from gatekeeper.setup_links.errors import LinkOver, OpenedElsewhere, SetupLinkNotFound
from gatekeeper.setup_links.models import LONGEST_RECIPIENT, ProductName, Scope, SetupLink
from gatekeeper.setup_links.state import state_of
from saml.models import Connection

TOKENS = KeyKind("gkl_")
LONGEST_DAYS = 5
KEPT_FOR = timedelta(days=30)  # after its end, for the administrators' list; the audit trail keeps what was done


@one_transaction()
def create_link(
    recipient: str,
    scope: str,
    *,
    actor: Actor,
    made_by: User | None = None,
    days: int = LONGEST_DAYS,
    product: str = "",
    connection_id: UUID | None = None,
) -> tuple[SetupLink, str]:
    """Make a link that works for ``days`` (1 to 5).

    ``made_by``: who answers for it; it works only while they may configure. None is the operator at the command line.
    ``connection_id``: whose certificate is renewed; given for exactly the scope "certificate".
    Returns: the link and the token for its address, which is shown this one time and can't be found out again.
    Raises: InvalidValue naming what cannot be; IdentityProviderNotFound.
    """
    recipient = recipient.strip()
    if not recipient:
        raise InvalidValue("recipient", _("say who the link is for."))
    require_storable("recipient", recipient, LONGEST_RECIPIENT)
    if scope not in Scope.values:
        raise InvalidValue("scope", _("choose one of %(choices)s."), choices=", ".join(Scope.values))
    if product and product not in ProductName.values:
        raise InvalidValue("product", _("choose one of %(choices)s."), choices=", ".join(ProductName.values))
    if not 1 <= days <= LONGEST_DAYS:
        raise InvalidValue("days", _("a link works from 1 to %(most)s days."), most=LONGEST_DAYS)
    if (scope == Scope.CERTIFICATE) != (connection_id is not None):
        raise InvalidValue("connection", _("name the connection for a certificate renewal, and for nothing else."))
    connection = _existing(connection_id) if connection_id else None
    text, now = TOKENS.new(), timezone.now()
    link = SetupLink.objects.create(
        digest=digest(text),
        hint=TOKENS.hint(text),
        created_at=now,
        expires_at=now + timedelta(days=days),
        scope=scope,
        recipient=recipient,
        product=product or (_product_of(connection) if connection else ""),
        made_by=made_by,
        connection=connection,
    )
    record_about(link, Event.SETUP_LINK_CREATED, actor=actor, after=_facts(link))
    return link, text


def find_link(token: str) -> SetupLink | None:
    """The link of a token, whatever its state; None for one that is none of ours. At most one query."""
    if not TOKENS.is_well_formed(token):
        return None
    return SetupLink.objects.with_parts().filter(digest=digest(token)).first()


def link_of_browser(link_id: UUID, cookie: str) -> SetupLink | None:
    """The link, if this browser is the one that opened it."""
    if not cookie:
        return None
    return SetupLink.objects.with_parts().filter(pk=link_id, browser=digest(cookie)).first()


@one_transaction()
def open_link(link_id: UUID, *, cookie: str, request_id: str = "") -> str:
    """Bind the link to one browser; ``cookie`` is what this browser has for it, "" for none.

    Returns: the value of its cookie. Raises: LinkOver; OpenedElsewhere when another browser was the first.
    """
    link = locked_link(link_id)
    state = state_of(link)
    if not state.works:
        raise LinkOver(state)
    if link.browser:
        if cookie and link.browser == digest(cookie):
            return cookie
        raise OpenedElsewhere
    cookie = secrets.token_urlsafe(SECRET_BYTES)
    link.browser, link.opened_at = digest(cookie), timezone.now()
    link.save(update_fields=["browser", "opened_at"])
    record_about(link, Event.SETUP_LINK_OPENED, actor=bearer(link, request_id))
    return cookie


@one_transaction()
def revoke_link(link_id: UUID, *, actor: Actor) -> SetupLink:
    """End a link at once, in every browser and process. Raises: SetupLinkNotFound for one that is over or unknown."""
    link = SetupLink.objects.with_parts().select_for_update(of=("self",)).filter(pk=link_id).first()
    if link is None or link.ended_at is not None:
        raise SetupLinkNotFound(link_id)
    link.revoked_at = timezone.now()
    link.save(update_fields=["revoked_at"])
    record_about(link, Event.SETUP_LINK_REVOKED, actor=actor)
    return link


@one_transaction()
def finish_link(link_id: UUID, *, request_id: str) -> None:
    """Its bearer is done, and the link opens nothing any more. Raises: LinkOver."""
    link = working_link(link_id)
    link.finished_at = timezone.now()
    link.save(update_fields=["finished_at"])
    record_about(link, Event.SETUP_LINK_FINISHED, actor=bearer(link, request_id))


@one_transaction()
def ask_for_new_link(link_id: UUID, *, request_id: str) -> None:
    """Whoever has the link wants another one; the administrators' page says so. Asking again changes nothing."""
    link = locked_link(link_id)
    if link.new_link_asked_at is None:
        link.new_link_asked_at = timezone.now()
        link.save(update_fields=["new_link_asked_at"])
        record_about(link, Event.SETUP_LINK_ASKED_FOR, actor=bearer(link, request_id))


def forget_ended_links(now: datetime) -> int:
    """Delete links whose end is 30 days ago; returns how many. What was made with them stays."""
    before = now - KEPT_FOR
    over = Q(expires_at__lt=before) | Q(revoked_at__lt=before) | Q(finished_at__lt=before)
    return SetupLink.objects.filter(over).delete()[0]


def locked_link(link_id: UUID) -> SetupLink:
    """The link, locked until the transaction ends. Raises: SetupLinkNotFound."""
    link = SetupLink.objects.with_parts().select_for_update(of=("self",)).filter(pk=link_id).first()
    if link is None:
        raise SetupLinkNotFound(link_id)
    return link


def working_link(link_id: UUID) -> SetupLink:
    """The same for one that works now. Raises: SetupLinkNotFound; LinkOver."""
    link = locked_link(link_id)
    state = state_of(link)
    if not state.works:
        raise LinkOver(state)
    return link


def bearer(link: SetupLink, request_id: str) -> Actor:
    """Who acts through a link, for the audit trail. Names are stored, so they are in no language.

    Who made the link is the actor of the entry of its creation, where the erasure of a person finds the name.
    """
    return Actor.setup_link(link.id, f"set-up link of {link.recipient}", request_id=request_id)


def record_about(link: SetupLink, event: Event, *, actor: Actor, after: dict[str, Any] | None = None) -> None:
    """Add an audit entry about a link, in the transaction of the change."""
    record(event, actor=actor, kind="setup_link", object_id=link.id, label=link.recipient, after=after)


def _existing(connection_id: UUID) -> Connection:
    connection = Connection.objects.live().filter(pk=connection_id).first()
    if connection is None:
        raise IdentityProviderNotFound(connection_id)
    return connection


def _product_of(connection: Connection) -> str:
    key = connection.product.key
    return key if key in ProductName.values else ProductName.OTHER.value


def _facts(link: SetupLink) -> dict[str, Any]:
    return {
        "scope": link.scope,
        "product": link.product,
        "connection": link.connection.name if link.connection else None,
        "hint": link.hint,
        "expires_at": link.expires_at.isoformat(),
    }
