"""Passkeys of local administrators: WebAuthn (Level 3) as a second factor, on the library py_webauthn.

The browser's side is static_sources/js/passkeys.js. The caller keeps the challenge of a ceremony, in the session of the
browser that began it, for one answer.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.models import Passkey, SessionEnd, User
from gatekeeper.directory.sessions.open_sessions import end_sign_ins
from gatekeeper.errors import InvalidValue, PasskeyNotFound, PasskeyRefused, UserNotFound
from gatekeeper.runtime.transactions import one_transaction

NAME_LIMIT = 60  # characters
MOST = 20  # passkeys of one account
# The library raises KeyError and ValueError too for an answer that is no such JSON.
_UNREADABLE = (WebAuthnException, ValueError, KeyError, TypeError)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The site for which passkeys are made: its host name, and the one origin from which browsers may send them."""

    id: str
    origin: str


def relying_party(public_url: str) -> RelyingParty | None:
    """The site as WebAuthn knows it; None where no browser makes passkeys.

    That is under an IP address, which is no domain, and over http except on localhost (WebAuthn §5.1.3).
    """
    parts = urlsplit(public_url)
    host = str(parts.hostname)
    if parts.scheme != "https" and host != "localhost" and not host.endswith(".localhost"):
        return None
    try:
        ip_address(host)
    except ValueError:
        return RelyingParty(host, public_url)
    return None


def passkeys_of(user: User) -> QuerySet[Passkey]:
    """Those that hold now, the oldest first."""
    return Passkey.objects.live().filter(user=user).order_by("since", "pk")


def registration_options(user: User, site: RelyingParty, challenge: bytes) -> str:
    """The JSON for ``navigator.credentials.create``. The account's own passkeys are not made a second time."""
    options = generate_registration_options(
        rp_id=site.id,
        rp_name="Gatekeeper",
        user_id=user.id.bytes,
        user_name=user.user_name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_descriptors(user),
    )
    return str(options_to_json(options))


def authentication_options(user: User, site: RelyingParty, challenge: bytes) -> str:
    """The JSON for ``navigator.credentials.get``, naming this account's passkeys."""
    return str(
        options_to_json(
            generate_authentication_options(rp_id=site.id, challenge=challenge, allow_credentials=_descriptors(user))
        )
    )


def _descriptors(user: User) -> list[PublicKeyCredentialDescriptor]:
    ids = passkeys_of(user).values_list("credential_id", flat=True)
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in ids]


@one_transaction()
def add_passkey(
    user_id: UUID,
    name: str,
    answer: str,
    *,
    site: RelyingParty,
    challenge: bytes,
    actor: Actor,
    keep: UUID | None = None,
) -> Passkey:
    """Store the passkey that a browser made; it, or the app, is asked for at every sign-in from now on.

    Effect: sessions that were opened before end, except ``keep``.
    Raises: UserNotFound unless they are a local administrator; InvalidValue for a name; PasskeyRefused.
    Spec:   WebAuthn §7.1.
    """
    user = User.objects.local().select_for_update().filter(pk=user_id).first()
    if user is None:
        raise UserNotFound(user_id)
    name = name.strip()
    if not 0 < len(name) <= NAME_LIMIT:
        raise InvalidValue("name", _("give it a name of at most %(limit)s characters."), limit=NAME_LIMIT)
    if passkeys_of(user).count() >= MOST:
        raise InvalidValue("name", _("an account has at most %(most)s passkeys; remove one first."), most=MOST)
    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=site.id, expected_origin=site.origin
        )
    except _UNREADABLE as reason:
        raise PasskeyRefused(str(reason)) from reason
    try:
        passkey = Passkey.objects.create(
            user=user,
            name=name,
            credential_id=bytes_to_base64url(made.credential_id),
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
        )
    except IntegrityError:
        raise PasskeyRefused(_("it is registered already")) from None
    _record(Event.PASSKEY_ADDED, passkey, user, actor)
    end_sign_ins([user.id], actor=actor, because=SessionEnd.CREDENTIAL_CHANGED, keep=keep)
    return passkey


@one_transaction()
def take_passkey(user: User, answer: str, *, site: RelyingParty, challenge: bytes) -> None:
    """Check what a passkey of this account has signed, and note its counter.

    Raises: PasskeyRefused, also when the counter went back, as that of a copy would (WebAuthn §6.1.1).
    Spec:   WebAuthn §7.2.
    """
    try:
        credential = parse_authentication_credential_json(answer)
        passkey = passkeys_of(user).select_for_update().filter(credential_id=credential.id).first()
        if passkey is None:
            raise PasskeyRefused(_("it is none of this account"))
        proven = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=site.id,
            expected_origin=site.origin,
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
        )
    except _UNREADABLE as reason:
        raise PasskeyRefused(str(reason)) from reason
    passkey.sign_count, passkey.last_used_at = proven.new_sign_count, timezone.now()
    passkey.save(update_fields=["sign_count", "last_used_at"])


@one_transaction()
def remove_passkey(user_id: UUID, passkey_id: int, *, actor: Actor) -> Passkey:
    """End one passkey. Raises: PasskeyNotFound."""
    passkey = Passkey.objects.live().select_related("user").filter(pk=passkey_id, user=user_id).first()
    if passkey is None or not Passkey.objects.filter(pk=passkey_id).end(timezone.now()):
        raise PasskeyNotFound(passkey_id)
    _record(Event.PASSKEY_REMOVED, passkey, passkey.user, actor)
    return passkey


def _record(event: Event, passkey: Passkey, user: User, actor: Actor) -> None:
    record(event, actor=actor, kind="user", object_id=user.id, label=user.label, after={"passkey": passkey.name})
