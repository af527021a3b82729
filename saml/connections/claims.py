"""Which claims fill which fields of a profile, and what they filled. SCIM's word always comes first.

A closed list of fields; access (level, permissions, teams) is no field, so no claim can ever grant any. What claims
said is kept beside the link (``SignInIdentity.stated``), never in the user, so SCIM neither sees nor echoes it.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.directory.models import SignInIdentity, User
from gatekeeper.errors import InvalidValue
from gatekeeper.runtime.transactions import one_transaction
from saml.connections.audit_entries import record_about
from saml.models import Connection
from saml.validation.subject_name import has_invisible_characters

LONGEST_CLAIM_NAME = 300
_LONGEST_VALUE = 300
_XMLSOAP = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the profile. ``path``: where SCIM keeps its own value; ``usual_claim``: what Entra calls it."""

    name: str
    label: str
    path: tuple[str, ...]
    usual_claim: str = ""


FIELDS: Final = (
    Field("display_name", "Display name", (), "http://schemas.microsoft.com/identity/claims/displayname"),
    Field("given_name", "Given name", ("name", "givenName"), f"{_XMLSOAP}givenname"),
    Field("family_name", "Family name", ("name", "familyName"), f"{_XMLSOAP}surname"),
    Field("department", "Department", (_ENTERPRISE, "department")),
    Field("title", "Title", ("title",)),
    Field("preferred_language", "Preferred language", ("preferredLanguage",)),
    Field("phone", "Phone", ("phoneNumbers",)),
)
_BY_NAME: Final = {field.name: field for field in FIELDS}
# Claims that name somebody, as suggestions; any other name may be typed.
PERSON_CLAIMS: Final = tuple(f"{_XMLSOAP}{name}" for name in ("name", "emailaddress", "upn"))
# What says which groups somebody is in says neither who they are nor what they are called.
_GROUP_CLAIMS = ("groups", "groups.link", "role", "roles", "wids")


@dataclass(frozen=True, slots=True)
class Filled:
    """A value that a sign-in filled in, because SCIM does not state that field."""

    field: str
    label: str
    value: str
    connection: str


def mapping_of(connection: Connection) -> dict[str, str]:
    """Profile field -> claim: what an administrator chose, else the claims that Entra usually sends."""
    return claim_mapping_or_usual(connection.claim_mapping)


def claim_mapping_or_usual(chosen: Mapping[str, str] | None) -> dict[str, str]:
    """What was chosen; None stands for the claims that Entra usually sends."""
    if chosen is None:
        return {field.name: field.usual_claim for field in FIELDS if field.usual_claim}
    return dict(chosen)


@one_transaction()
def set_claim_mapping(connection_id: UUID, mapping: Mapping[str, str] | None, *, actor: Actor) -> Connection:
    """Choose which claim fills which profile field; None goes back to the usual claims. Holds from the next sign-in.

    Raises: IdentityProviderNotFound; InvalidValue for an unknown field or a name that is no claim's.
    """
    connection = Connection.objects.locked(connection_id)
    if mapping is not None:
        for name in mapping:
            if name not in _BY_NAME:
                raise InvalidValue(
                    "mapping", _("there is no profile field %(name)s; claims fill nothing else."), name=name[:100]
                )
        mapping = {name: _claim_name(_BY_NAME[name].label, claim) for name, claim in mapping.items() if claim.strip()}
    before, connection.claim_mapping = mapping_of(connection), mapping
    _save(connection, "claim_mapping", {"mapping": before}, {"mapping": mapping_of(connection)}, actor)
    return connection


@one_transaction()
def set_person_claim(connection_id: UUID, claim: str, *, actor: Actor) -> Connection:
    """Choose which claim says who is signing in; "" lets the NameID say it. Holds from the next sign-in.

    Raises: IdentityProviderNotFound; InvalidValue for a name that is no claim's.
    """
    connection = Connection.objects.locked(connection_id)
    claim = _claim_name("Who is signing in", claim) if claim.strip() else ""
    before, connection.person_claim = connection.person_claim, claim
    change = {"person_claim": before or "NameID"}, {"person_claim": claim or "NameID"}
    _save(connection, "person_claim", *change, actor)
    return connection


def statement_for(user: User, connection: Connection, attributes: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """What an assertion's attributes say about the fields that SCIM leaves open: field -> first usable value."""
    stated = {}
    for name, claim in mapping_of(connection).items():
        values = [value for value in attributes.get(claim, ()) if _is_usable(value)]
        if values and not _said_by_scim(user, _BY_NAME[name]):
            stated[name] = values[0]
    return stated


def filled_by_sign_in(user: User, links: Iterable[SignInIdentity]) -> list[Filled]:
    """What the last sign-ins filled in and SCIM does not state now, no field twice, in the order of ``FIELDS``.

    ``links``: all of the user's.
    """
    live = [link for link in links if link.until is None and link.provider.until is None]
    found = [
        Filled(field.name, field.label, str(link.stated[field.name]), link.provider.name)
        for link in sorted(live, key=lambda link: (link.provider.name, link.pk))
        for field in FIELDS
        if field.name in link.stated and not _said_by_scim(user, field)
    ]
    by_field = {each.field: each for each in reversed(found)}
    return [by_field[field.name] for field in FIELDS if field.name in by_field]


def _said_by_scim(user: User, field: Field) -> bool:
    value: Any = user.attributes if field.path else user.display_name
    for part in field.path:
        value = value.get(part) if isinstance(value, Mapping) else None
    return value not in (None, "", [], {})


def _is_usable(value: str) -> bool:
    return len(value) <= _LONGEST_VALUE and not any(unicodedata.category(each) == "Cc" for each in value)


def _claim_name(what: str, claim: str) -> str:
    claim = claim.strip()
    if len(claim) > LONGEST_CLAIM_NAME or has_invisible_characters(claim) or any(each.isspace() for each in claim):
        raise InvalidValue(
            what,
            _("a claim's name has at most %(limit)s characters and no spaces, as in %(example)s."),
            limit=LONGEST_CLAIM_NAME,
            example=PERSON_CLAIMS[0],
        )
    if claim.rstrip("/").rpartition("/")[2].casefold() in _GROUP_CLAIMS:
        raise InvalidValue(what, _("group and role claims are not taken; groups come over SCIM only."))
    return claim


def _save(connection: Connection, field: str, before: dict[str, Any], after: dict[str, Any], actor: Actor) -> None:
    connection.save(update_fields=[field])
    if before == after:
        return
    record_about(
        connection,
        Event.CONNECTION_CHANGED,
        actor=actor,
        before=before,
        after=after,
    )
