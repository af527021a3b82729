"""What an administrator sets for one credential, whichever kind it is: its limit, its networks, strict or tolerant."""

from typing import Any, TypedDict

from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.errors import InvalidValue, NotFound
from gatekeeper.runtime.transactions import one_transaction
from scim.credentials.networks import networks_of_input
from scim.models import ApiKey, Credential
from scim.rate_limits.bucket import DEFAULT_RATE, LOWEST_RATE


class Changes(TypedDict, total=False):
    """What is left out stays. ``requests_per_second``: None is the default; ``allowed_networks``: "" is anywhere."""

    is_strict: bool
    requests_per_second: int | None
    allowed_networks: str


class CredentialNotFound(NotFound):
    code = "credential_not_found"
    sentence = _("There is no credential %(credential)s that is not revoked.")


def rate_of(credential: Credential) -> int:
    """How many requests a second are served for a credential."""
    return credential.requests_per_second or DEFAULT_RATE


@one_transaction()
def change_settings(credential: Credential, *, actor: Actor, changes: Changes) -> Credential:
    """Change a credential; it holds from the next request on, in every process. Returns it as it is now.

    Raises: InvalidValue for a limit or a network that can't be; CredentialNotFound for one that is revoked.
    """
    stored: Credential | None = (
        type(credential)._default_manager.select_for_update().filter(pk=credential.pk, revoked_at=None).first()
    )
    if stored is None:
        raise CredentialNotFound(credential=credential.pk)
    before = settings_of(stored)
    for name, value in _checked(changes).items():
        setattr(stored, name, value)
    after = settings_of(stored)
    if after != before:
        stored.save(update_fields=list(after))
        kind = "api_key" if isinstance(stored, ApiKey) else "oauth_client"
        event, label = Event.SCIM_CREDENTIAL_SET, str(stored)
        record(event, actor=actor, kind=kind, object_id=stored.pk, label=label, before=before, after=after)
    return stored


def settings_of(credential: Credential) -> dict[str, Any]:
    """What is set for it: ``Changes`` with everything in it."""
    return {name: getattr(credential, name) for name in Changes.__annotations__}


def _checked(changes: Changes) -> Changes:
    rate = changes.get("requests_per_second")
    if rate is not None and not LOWEST_RATE <= rate <= DEFAULT_RATE:
        message = _("the limit is from %(lowest)s to %(highest)s requests a second.")
        raise InvalidValue("requests_per_second", message, lowest=LOWEST_RATE, highest=f"{DEFAULT_RATE:,}")
    if "allowed_networks" in changes:
        return {**changes, "allowed_networks": networks_of_input(changes["allowed_networks"])}
    return changes
