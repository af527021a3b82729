"""What the identity provider states about a person, by names as people say them; the manager as a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gatekeeper.directory.models import User
from scim.attributes.registry import registry
from scim.protocol.references import as_id
from scim.protocol.schemas import DELIVERED, ENTERPRISE_USER

_MANAGER = "manager.value"
# By the path that ``flatten`` gives it, in the order of the page. What is not here, such as a custom attribute, is
# called as it is declared.
_LABELS: Mapping[str, Promise] = {
    "userName": gettext_lazy("User name"),
    "displayName": gettext_lazy("Display name"),
    "externalId": gettext_lazy("External ID"),
    "name.formatted": gettext_lazy("Full name"),
    "name.givenName": gettext_lazy("Given name"),
    "name.middleName": gettext_lazy("Middle name"),
    "name.familyName": gettext_lazy("Family name"),
    "name.honorificPrefix": gettext_lazy("Prefix of the name"),
    "name.honorificSuffix": gettext_lazy("Suffix of the name"),
    "nickName": gettext_lazy("Nickname"),
    "title": gettext_lazy("Job title"),
    "department": gettext_lazy("Department"),
    _MANAGER: gettext_lazy("Manager"),
    "manager.displayName": gettext_lazy("Name of the manager"),
    "division": gettext_lazy("Division"),
    "organization": gettext_lazy("Organisation"),
    "costCenter": gettext_lazy("Cost centre"),
    "employeeNumber": gettext_lazy("Employee number"),
    "emails": gettext_lazy("E-mail"),
    "phoneNumbers": gettext_lazy("Phone"),
    "ims": gettext_lazy("Instant messaging"),
    "userType": gettext_lazy("Type of user"),
    "preferredLanguage": gettext_lazy("Preferred language"),
    "locale": gettext_lazy("Region and language"),
    "timezone": gettext_lazy("Time zone"),
    "profileUrl": gettext_lazy("Profile page"),
    "photos": gettext_lazy("Photo"),
    "entitlements": gettext_lazy("Entitlement"),
    "roles": gettext_lazy("Role"),
    "x509Certificates": gettext_lazy("Certificate"),
    "addresses.formatted": gettext_lazy("Address"),
    "addresses.streetAddress": gettext_lazy("Street"),
    "addresses.locality": gettext_lazy("City"),
    "addresses.region": gettext_lazy("State or region"),
    "addresses.postalCode": gettext_lazy("Postal code"),
    "addresses.country": gettext_lazy("Country"),
}
_PLACES = {path: place for place, path in enumerate(_LABELS)}
# The types of RFC 7643 §4.1.2 that have a name of their own; another one follows in brackets.
_TYPED: Mapping[tuple[str, str], Promise] = {
    ("emails", "work"): gettext_lazy("Work e-mail"),
    ("emails", "home"): gettext_lazy("Private e-mail"),
    ("phoneNumbers", "work"): gettext_lazy("Work phone"),
    ("phoneNumbers", "home"): gettext_lazy("Private phone"),
    ("phoneNumbers", "mobile"): gettext_lazy("Mobile phone"),
    ("phoneNumbers", "fax"): gettext_lazy("Fax"),
    ("phoneNumbers", "pager"): gettext_lazy("Pager"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One value with its path in SCIM; ``kind`` is the type of an element of a multi-valued attribute."""

    path: str
    value: Any
    kind: str = ""

    @property
    def label(self) -> str:
        """How people call it."""
        if (self.path, self.kind.lower()) in _TYPED:
            return str(_TYPED[self.path, self.kind.lower()])
        label = str(_LABELS.get(self.path) or self.path.rpartition(":")[2])
        return _("%(name)s (%(type)s)") % {"name": label, "type": self.kind} if self.kind else label


@dataclass(frozen=True, slots=True)
class Line:
    """One line on the page. ``person``: whom the value names, if they are known here."""

    part: Part
    person: User | None = None


def stated_by_the_provider(user: User, *, names_people: bool) -> list[Line]:
    """The important ones first, then in the order of the names here. A manager costs one query.

    ``names_people``: whether who looks at it may see other people.
    """
    if user.is_local:
        return []
    known = [
        Part("userName", user.user_name),
        Part("displayName", user.display_name),
        Part("emails", user.work_email, "work"),
        Part("externalId", user.external_id),
    ]
    sent = [part for name, value in _declared(user.attributes).items() for part in flatten(name, value)]
    rest = sorted(sent, key=_place)  # PostgreSQL keeps the names of a document in an order of its own
    manager = _manager(rest) if names_people else None
    return [
        Line(part, manager if part.path == _MANAGER else None)
        for part in [part for part in known if part.value] + [part for part in rest if part not in known]
        if not _is_said_by(manager, part)
    ]


def flatten(path: str, value: Any, kind: str = "") -> list[Part]:
    """One attribute as single values, none empty: ``name.givenName``, ``department``, ``urn:acme:2.0:User:badge``."""
    if value in (None, "", [], {}):
        return []
    if isinstance(value, dict):
        prefix = _prefix(path)
        return [part for name, inner in value.items() for part in flatten(f"{prefix}{name}", inner, kind)]
    if isinstance(value, list) and not any(isinstance(element, dict | list) for element in value):
        return [Part(path, value if len(value) > 1 else value[0], kind)]
    if isinstance(value, list):
        return [part for element in value for part in _flatten_element(path, element)]
    return [Part(path, value, kind)]


def _prefix(path: str) -> str:
    """A custom attribute keeps its URN: it may be called as one of SCIM is, and mean something else."""
    if path == ENTERPRISE_USER:
        return ""
    return f"{path}:" if path.startswith("urn:") else f"{path}."


def _flatten_element(path: str, element: Any) -> list[Part]:
    """An element of a multi-valued attribute: its value, or else its parts; its type goes with each."""
    if not isinstance(element, dict):
        return flatten(path, element)
    kind = str(element.get("type") or "")
    if element.get("value") not in (None, ""):
        return [Part(path, element["value"], kind)]
    return flatten(path, {name: value for name, value in element.items() if name not in ("type", "primary")}, kind)


def _place(part: Part) -> int:
    return _PLACES.get(part.path, len(_PLACES))


def _declared(attributes: dict[str, Any]) -> dict[str, Any]:
    """Without what is declared no longer, and is about to be deleted. Only an extension's name has a colon."""
    extensions = {name for name in attributes if ":" in name}
    if not extensions:
        return attributes
    # Nobody can declare or remove a part of a delivered schema, so that needs no look at what is declared.
    schemas = DELIVERED if extensions == {ENTERPRISE_USER} else registry.current()
    return schemas.user.declared_part(attributes)


def _manager(parts: list[Part]) -> User | None:
    ids = [as_id(str(part.value)) for part in parts if part.path == _MANAGER]
    if not ids or ids[0] is None:
        return None
    return User.objects.filter(pk=ids[0]).only("id", "display_name", "user_name").first()


def _is_said_by(manager: User | None, part: Part) -> bool:
    """A link to the manager says their name and address."""
    return part.path == "manager.$ref" or (manager is not None and part.path == "manager.displayName")
