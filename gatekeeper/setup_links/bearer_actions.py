"""What the bearer of a link may do. Each asks the link's scope and state itself, whoever calls it."""

from uuid import UUID

from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.events import Event
from gatekeeper.errors import InvalidValue, NeedsConfirmation
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.setup_links.errors import (
    AlreadyConnected,
    ForAnAdministrator,
    KeyMadeAlready,
    LinkOver,
    NotConnected,
    OutOfScope,
)
from gatekeeper.setup_links.lifecycle import bearer, record_about, working_link
from gatekeeper.setup_links.models import Part, ProductName, SetupLink
from gatekeeper.setup_links.state import state_of
from saml.connections.lifecycle import create_connection, refresh_connection
from saml.connections.refresh_results import RefreshResult
from saml.connections.settings import settings_of
from saml.connections.switching_on import switch_on
from saml.metadata.changes import MetadataChange, compare_metadata
from saml.models import Connection
from scim.credentials.api_keys import generate_key
from scim.models import ApiKey


@one_transaction()
def choose_product(link_id: UUID, product: str, *, request_id: str) -> SetupLink:
    """Which product's words the wizard speaks. Raises: LinkOver; InvalidValue."""
    if product not in ProductName.values:
        raise InvalidValue("product", _("choose one of %(choices)s."), choices=", ".join(ProductName.values))
    link = working_link(link_id)
    if link.product != product:
        link.product = product
        link.save(update_fields=["product"])
        event, after = Event.SETUP_LINK_PRODUCT_CHOSEN, {"product": product}
        record_about(link, event, actor=bearer(link, request_id), after=after)
    return link


def connect(
    link: SetupLink, *, request_id: str, metadata_url: str = "", document: bytes | None = None, entity_id: str = ""
) -> Connection:
    """Make the link's connection from metadata. Nobody signs in through it before ``switch_on_connection``.

    The arguments are those of ``create_connection``. The metadata is fetched before anything is locked.
    Raises: LinkOver; OutOfScope; AlreadyConnected; and what ``create_connection`` raises. Then nothing was made.
    """
    _require_part(link, Part.SIGN_ON)
    if link.live_connection is not None:
        raise AlreadyConnected

    def attach(connection: Connection) -> None:
        """In the transaction in which it is made, so that of two tabs one makes a connection."""
        stored = working_link(link.id)
        if stored.live_connection is not None:
            raise AlreadyConnected
        stored.connection = connection
        stored.save(update_fields=["connection"])

    return create_connection(
        None,
        actor=bearer(link, request_id),
        metadata_url=metadata_url,
        document=document,
        entity_id=entity_id,
        test_only=True,
        and_then=attach,
    )


@one_transaction()
def make_key(link: SetupLink, *, request_id: str) -> tuple[ApiKey, str]:
    """The link's one API key, beside those that are active. Returns it with its text, which is shown this one time.

    Raises: LinkOver; OutOfScope; KeyMadeAlready.
    """
    stored = working_link(link.id)
    _require_part(stored, Part.PROVISIONING)
    if stored.api_key_id is not None:
        raise KeyMadeAlready
    actor = bearer(stored, request_id)
    key, text = generate_key(f"Set-up link: {stored.recipient}", actor=actor, rotate=True)
    stored.api_key = key
    stored.save(update_fields=["api_key"])
    return key, text


@one_transaction()
def begin_test(link: SetupLink, *, request_id: str) -> Connection:
    """The connection at which the bearer tries a sign-in, which opens no session. Raises: LinkOver; NotConnected."""
    stored = working_link(link.id)
    if Part.PROVISIONING in stored.parts and len(stored.parts) == 1:
        raise OutOfScope
    if stored.live_connection is None:
        raise NotConnected
    record_about(stored, Event.SETUP_LINK_TEST_BEGUN, actor=bearer(stored, request_id))
    return stored.live_connection


def switch_on_connection(link: SetupLink, *, request_id: str) -> Connection:
    """Let people sign in through the link's connection, after a test sign-in succeeded.

    Raises: LinkOver; OutOfScope; NotConnected; NotTested; ForAnAdministrator when it would take people away from
    another connection.
    """
    _require_part(link, Part.SIGN_ON)
    connection = link.live_connection
    if connection is None:
        raise NotConnected
    if connection.test_only and settings_of(connection).domains:
        raise ForAnAdministrator(_("This connection is the only one for some e-mail domains."))
    return switch_on(connection.id, actor=bearer(link, request_id))


def compare(link: SetupLink, document: bytes | None) -> MetadataChange:
    """What another document, or the one at the connection's address now, would change. Nothing is written.

    Raises: LinkOver; OutOfScope; ForAnAdministrator for another sign-on host; what ``compare_metadata`` raises.
    """
    _require_part(link, Part.CERTIFICATE)
    change = compare_metadata(_connection_of(link).id, document)
    if change.moves_to_another_host and not change.refused:
        raise ForAnAdministrator(_("People would be sent to another host to sign in."))
    return change


def replace(
    link: SetupLink, document: bytes | None, *, confirmed: str, request_id: str
) -> tuple[Connection, RefreshResult]:
    """Take the document whose change was shown; ``confirmed`` is that change's fingerprint.

    Raises: as ``compare``; NeedsConfirmation when the change is not the confirmed one (any more).
    """
    change = compare(link, document)
    if change.refused or change.fingerprint != confirmed:
        raise NeedsConfirmation(_("The metadata is not what was shown any more; look at what would change now."))
    actor = bearer(link, request_id)
    return refresh_connection(change.connection_id, actor=actor, document=change.document, confirmed=confirmed)


def _require_part(link: SetupLink, part: Part) -> None:
    """Raises: OutOfScope; LinkOver."""
    if part not in link.parts:
        raise OutOfScope
    state = state_of(link)
    if not state.works:
        raise LinkOver(state)


def _connection_of(link: SetupLink) -> Connection:
    if link.live_connection is None:
        raise NotConnected
    return link.live_connection
