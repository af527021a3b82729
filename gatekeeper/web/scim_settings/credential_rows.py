"""The credentials of the SCIM endpoint as pages show them: what each is, when it ends, what it did last."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Subquery
from django.utils import timezone

from gatekeeper.audit.models import BODIES, ProvisioningEntry
from scim.credentials.settings import rate_of
from scim.models import ApiKey, ClientSecret, Credential, OAuthClient

CLOSE, NEAR = 7, 30  # days before an end, from which on it is shown in red and in amber


@dataclass(frozen=True, slots=True)
class Ending:
    """When something ends. ``days``: whole days until then; below 0 it has ended."""

    at: datetime
    days: int

    @property
    def badge(self) -> str:
        """The class of its badge."""
        if self.days < CLOSE:
            return "badge-danger"
        return "badge-warn" if self.days < NEAR else ""


@dataclass(frozen=True, slots=True)
class SecretRow:
    """A secret that is not revoked."""

    secret: ClientSecret
    ending: Ending


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """A credential; ``ending`` is of an API key, an OAuth client has ``secrets`` or an identity provider's tokens."""

    credential: Credential
    secrets: list[SecretRow]
    ending: Ending | None
    last_entry: ProvisioningEntry | None

    @property
    def is_key(self) -> bool:
        return isinstance(self.credential, ApiKey)

    @property
    def has_no_end(self) -> bool:
        return self.is_key and self.ending is None

    @property
    def rate(self) -> int:
        return rate_of(self.credential)

    @property
    def networks(self) -> list[str]:
        return self.credential.allowed_networks.split()


def active_rows() -> list[CredentialRow]:
    """Keys first, then clients; those that are revoked are left out."""
    keys = ApiKey.objects.active()
    clients = OAuthClient.objects.filter(revoked_at=None).prefetch_related("secrets")
    return rows_of([*keys, *clients])


def rows_of(credentials: Iterable[Credential]) -> list[CredentialRow]:
    """A row for each. One query for what each did last."""
    now, listed = timezone.now(), list(credentials)
    last_entries = _last_entries(listed)
    return [_row(each, now, last_entries.get(str(each.pk))) for each in listed]


def find_credential(credential_id: UUID) -> Credential | None:
    """The key or client of that id, revoked or not."""
    clients = OAuthClient.objects.prefetch_related("secrets")
    return ApiKey.objects.filter(pk=credential_id).first() or clients.filter(pk=credential_id).first()


def end_of_day(day: date | None) -> datetime | None:
    """The end of a day that was entered, in the site's time zone; None where none was."""
    return None if day is None else timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def _last_entries(credentials: Iterable[Credential]) -> dict[str, ProvisioningEntry]:
    """The last entry of the provisioning log by each credential's id: of each the end of its place in the index."""
    ids = ProvisioningEntry.objects.order_by("-id").values("id")
    last: list[Any] = [Subquery(ids.filter(key_id=str(each.pk))[:1]) for each in credentials]
    entries = ProvisioningEntry.objects.filter(pk__in=last).order_by().defer(*BODIES, "ignored")
    return {entry.key_id: entry for entry in entries}


def _row(credential: Credential, now: datetime, last_entry: ProvisioningEntry | None) -> CredentialRow:
    secrets = []
    if isinstance(credential, OAuthClient):
        kept = [each for each in credential.secrets.all() if each.revoked_at is None]
        secrets = [SecretRow(each, _ending(each.expires_at, now)) for each in kept]
    expires_at = credential.expires_at if isinstance(credential, ApiKey) else None
    ending = _ending(expires_at, now) if expires_at else None
    return CredentialRow(credential, secrets, ending, last_entry)


def _ending(at: datetime, now: datetime) -> Ending:
    return Ending(at, (at - now).days)
