"""Sign-in through an identity provider: which person a NameID names, and whether that person may sign in."""

from collections.abc import Mapping
from uuid import UUID

import structlog
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.access.readiness_texts import blocked_text
from gatekeeper.directory.access.resolver import Blocked
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.identity_linking.home_realm_discovery import may_name
from gatekeeper.directory.models import IdentityProvider, Origin, SignInIdentity, User
from gatekeeper.errors import SignInRefused, UserNotFound
from gatekeeper.runtime.transactions import one_transaction

SYNC_MINUTE = 45
UNKNOWN_PERSON = "unknown_person"
OTHER_PERSON = "other_person"
OTHER_CONNECTION = "other_connection"
NOT_SWITCHED_ON = "not_switched_on"
LONGEST_NAME = 200  # characters of a connection's name

log = structlog.get_logger(__name__)


def not_switched_on() -> SignInRefused:
    """The refusal of whoever signs in through a provider that is only being tried out."""
    return SignInRefused(
        NOT_SWITCHED_ON, _("Signing in this way is not switched on yet. Choose another way in for now.")
    )


def require_trusted(provider_id: UUID) -> None:
    """Raises: SignInRefused while the provider is only being tried out, whoever it names."""
    if IdentityProvider.objects.filter(pk=provider_id, test_only=True).exists():
        raise not_switched_on()


@one_transaction()
def person_who_signs_in(
    provider_id: UUID, name_id: str, object_id: str | None = None, *, persistent_id: str = ""
) -> User:
    """The person whom an identity provider names, if they may sign in. ``name_id`` is compared with work e-mails.

    The first sign-in remembers the immutable ``object_id``, or where none is stated the ``persistent_id``; a later
    one with another id is somebody else who was given a recycled address.
    Raises: SignInRefused; its code is a ``blocked_because`` value, "unknown_person", "other_person" or
    "other_connection": the provider is not one for this e-mail domain, whether or not somebody has the address.
    """
    if not may_name(provider_id, name_id):
        raise SignInRefused(
            OTHER_CONNECTION,
            _("People with this e-mail domain do not sign in here. Go back and choose another way in."),
        )
    identity = _identity(provider_id, name_id)
    user = identity.user if identity else _person_by_email(name_id)
    if user is None:
        raise SignInRefused(UNKNOWN_PERSON, _("Nobody with this sign-in name is known here. Ask your administrator."))
    blocked = access_of(user).blocked_because
    if blocked is None and (identity is None or user.work_email_folded != fold(name_id)):
        # Linked at another connection, or under another address: this name has to wait for the sync.
        blocked = Blocked.AWAITING_SAML_SYNC
    if blocked is not None:
        raise SignInRefused(blocked.value, blocked_text(blocked), user_id=user.id)
    if identity is not None:
        _remember_account(identity, object_id or "", persistent_id)
    return user


def _identity(provider_id: UUID, name_id: str) -> SignInIdentity | None:
    return (
        SignInIdentity.objects.live()
        .select_related("user")
        .filter(provider=provider_id, provider__until=None, name_id_folded=fold(name_id), user__origin=Origin.SCIM)
        .first()
    )


def _person_by_email(name_id: str) -> User | None:
    """A person who is not linked (yet), to say why they are refused. Nobody is signed in by this look-up."""
    found = User.objects.provisioned().filter(work_email_folded=fold(name_id)).order_by("-active", "-created_at")
    return found.first()


def _remember_account(identity: SignInIdentity, object_id: str, persistent_id: str) -> None:
    """Remember the account id of a first sign-in, and compare a later one with it, by the same kind of id.

    So a connection that no longer states one of the two kinds shuts nobody out.
    """
    field, stated = ("object_id", object_id) if object_id else ("persistent_id", persistent_id)
    if not stated:
        return
    if not getattr(identity, field):
        # Conditional, so that of two first sign-ins at one moment only one is remembered.
        unset = SignInIdentity.objects.filter(Q(**{field: ""}), pk=identity.pk)
        unset.update(**{field: stated, "remembered_at": timezone.now()})
        identity.refresh_from_db(fields=[field])
    if getattr(identity, field) != stated:
        raise SignInRefused(
            OTHER_PERSON,
            _("This address belonged to somebody else before. An administrator has to confirm that it is yours now."),
            user_id=identity.user_id,
        )


@one_transaction()
def keep_statement(user: User, provider_id: UUID, stated: Mapping[str, str], *, actor: Actor) -> None:
    """Store what the identity provider stated about a person's profile at this sign-in, in place of the last one's.

    ``stated``: profile field -> value. It is kept beside what SCIM states, and never mixed with it.
    """
    identity = SignInIdentity.objects.live().select_for_update().filter(user=user, provider=provider_id).first()
    if identity is None or identity.stated == stated:
        return
    before, identity.stated = identity.stated, dict(stated)
    identity.save(update_fields=["stated"])
    record(
        Event.IDENTITY_STATED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        before=before,
        after=stated,
    )


@one_transaction()
def confirm_recycled_address(user_id: UUID, *, actor: Actor) -> None:
    """Confirm, as an administrator, that an address belongs to this person now, whoever had it before.

    The account ids that were remembered are forgotten, and those of the next sign-in are remembered.
    Raises: UserNotFound.
    """
    user = User.objects.provisioned().filter(pk=user_id).first()
    if user is None:
        raise UserNotFound(user_id)
    links = SignInIdentity.objects.live().filter(user=user).exclude(object_id="", persistent_id="")
    before = [identity.object_id or identity.persistent_id for identity in links.select_for_update()]
    if not before:
        return
    links.update(object_id="", persistent_id="", remembered_at=None)
    record(
        Event.IDENTITY_CONFIRMED,
        actor=actor,
        kind="user",
        object_id=user.id,
        label=user.label,
        before={"object_ids": before},
    )
