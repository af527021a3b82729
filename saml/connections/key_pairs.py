"""Our own keys at a connection: we sign with the one in use, and open what is encrypted for any that is published.

Each connection has its own pair, as it has its own entityID: a change of keys concerns one identity provider's
administrator and nobody else, and a key that got out opens nothing at another connection.
"""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.errors import SealBroken
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.sealing import seal, unseal
from saml.connections.audit_entries import record_about
from saml.connections.self_signed import certificate_for, new_private_key
from saml.errors import KeyChangeUnderway, NoKeyChange
from saml.models import PRIVATE_KEY_PURPOSE, Connection, KeyPair

Sign = Callable[[bytes], bytes]
WARN_DAYS = 60  # Entra's administrators are warned as early about theirs.

log = structlog.get_logger(__name__)


def key_pairs(connection: Connection) -> list[KeyPair]:
    """What is published now: the pair in use, then the next one when there is one.

    A connection from before there were key pairs gets its first one here, whoever asks.
    """
    return _live(connection) or [make_first_key_pair(connection.id, actor=Actor.site())]


@one_transaction()
def make_first_key_pair(connection_id: UUID, *, actor: Actor) -> KeyPair:
    """Give a connection its key pair, or return the one that it has. Raises: IdentityProviderNotFound."""
    connection = Connection.objects.locked(connection_id)
    live = _live(connection)
    if live:
        return live[0]
    pair = _add(connection, in_use_since=timezone.now())
    record_about(connection, Event.KEY_PAIR_MADE, actor=actor, after=_named(pair))
    return pair


@one_transaction()
def publish_next_key_pair(connection_id: UUID, *, actor: Actor) -> KeyPair:
    """Begin to change keys: a new pair is published beside the one in use, and opens what is encrypted for it.

    Our messages are still signed with the old one. Raises: IdentityProviderNotFound; KeyChangeUnderway.
    """
    connection = Connection.objects.locked(connection_id)
    make_first_key_pair(connection_id, actor=actor)
    if len(_live(connection)) > 1:
        raise KeyChangeUnderway
    pair = _add(connection, in_use_since=None)
    record_about(connection, Event.NEXT_KEY_PAIR_PUBLISHED, actor=actor, after=_named(pair))
    return pair


@one_transaction()
def finish_key_change(connection_id: UUID, *, actor: Actor) -> KeyPair:
    """The next pair takes over; the old one is retired at once, and its private key is forgotten.

    Raises: IdentityProviderNotFound; NoKeyChange when there is no next one.
    """
    connection = Connection.objects.locked(connection_id)
    live = _live(connection)
    if len(live) < 2:
        raise NoKeyChange
    old, following = live
    now = timezone.now()
    KeyPair.objects.filter(pk=old.pk).end(now, sealed_key=b"")
    following.in_use_since = now
    following.save(update_fields=["in_use_since"])
    record_about(connection, Event.KEY_PAIR_REPLACED, actor=actor, before=_named(old), after=_named(following))
    return following


def retire_key_pairs(connection: Connection) -> None:
    """Forget the private keys of a connection that is not believed any more. The caller writes the audit entry."""
    connection.key_pairs.end(timezone.now(), sealed_key=b"")


def signer(connection: Connection) -> Sign | None:
    """What signs our messages (RSA with SHA-256); None for a connection that does not sign. Raises: SealBroken."""
    if not connection.sign_requests:
        return None
    key = _private_key(key_pairs(connection)[0])
    return lambda message: key.sign(message, PKCS1v15(), SHA256())


def decryption_keys(connection: Connection) -> list[RSAPrivateKey]:
    """Every key that a message may be encrypted for now. One whose seal is broken is left out, and logged."""
    return _readable(key_pairs(connection))


def keys_are_readable(connection: Connection) -> bool:
    """Whether every published pair can be used; not after SECRET_KEY was changed."""
    pairs = key_pairs(connection)
    return len(_readable(pairs)) == len(pairs)


def key_pair_warnings(connection: Connection, now: datetime) -> list[str]:
    """Warnings for the page and ``doctor``: our certificate expires, or its private key cannot be read."""
    found, pairs = [], key_pairs(connection)
    days = pairs[0].days_left(now)
    if days < 0:
        found.append(_("Our own certificate has expired; publish the next one and give it to the identity provider."))
    elif days < WARN_DAYS:
        text = ngettext(
            "Our own certificate expires in %(count)s day; publish the next one.",
            "Our own certificate expires in %(count)s days; publish the next one.",
            days,
        )
        found.append(text % {"count": days})
    if len(_readable(pairs)) < len(pairs):
        found.append(
            _(
                "Our private key cannot be read with the present SECRET_KEY: restore that, or publish a next "
                "certificate, hand it to the identity provider and finish the change."
            )
        )
    return found


def _live(connection: Connection) -> list[KeyPair]:
    return sorted(connection.key_pairs.live(), key=lambda pair: pair.is_next)


def _add(connection: Connection, *, in_use_since: datetime | None) -> KeyPair:
    key = new_private_key()
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    host = urlsplit(settings.PUBLIC_URL).hostname or "gatekeeper"
    return KeyPair.objects.create(
        connection=connection,
        in_use_since=in_use_since,
        der=certificate_for(key, f"{host} SAML", now=timezone.now()),
        sealed_key=seal(secret, purpose=PRIVATE_KEY_PURPOSE),
    )


def _readable(pairs: list[KeyPair]) -> list[RSAPrivateKey]:
    found = []
    for pair in pairs:
        try:
            found.append(_private_key(pair))
        except SealBroken:
            log.error("saml_key_unreadable", connection=str(pair.connection_id), certificate=str(pair))
    return found


def _private_key(pair: KeyPair) -> RSAPrivateKey:
    secret = unseal(bytes(pair.sealed_key), purpose=PRIVATE_KEY_PURPOSE)
    # The seal vouches for the key, so that the slow check of its numbers (90 ms) is not needed each time.
    key = load_der_private_key(secret, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise SealBroken(PRIVATE_KEY_PURPOSE)
    return key


def _named(pair: KeyPair) -> dict[str, str]:
    certificate = pair.certificate
    return {"certificate_sha256": certificate.sha256, "certificate_ends": certificate.not_after.isoformat()}
