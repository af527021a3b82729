"""Entra's default attribute mapping of a non-gallery application: which fact goes to which SCIM attribute.

The administrator has followed the help page: ``emails[type eq "work"].value`` comes from the userPrincipalName.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from entra_client.directory.company import Person

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
CORE_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# Entra puts this namespace of its own into every group that it creates; servers have to look past it.
ENTRA_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
MANAGER = f"{ENTERPRISE}:manager"

_PATH = re.compile(
    r'(?:(?P<urn>urn:.+):)?(?P<attribute>\w+)(?:\[type eq "(?P<type>\w+)"\])?(?:\.(?P<sub>\w+))?',
)


class Path(NamedTuple):
    """One mapped attribute: of the core or of an extension, plain, with a sub-attribute, or of one typed element."""

    urn: str | None
    attribute: str
    type: str | None
    sub: str | None


def parse_path(path: str) -> Path:
    """Read a path of the mapping, such as ``emails[type eq "work"].value``. Raises ValueError for any other text."""
    found = _PATH.fullmatch(path)
    if not found:
        raise ValueError(f"{path} is no path of the attribute mapping.")
    return Path(found["urn"], found["attribute"], found["type"], found["sub"])


def target_values(person: Person) -> dict[str, str]:
    """Return path → value as the mapping wants them at the target; what somebody does not have is not a key.

    Entra never sends an empty value for something that is absent at the source.
    """
    place = person.place
    values = {
        "externalId": person.object_id,
        "userName": person.user_name,
        "displayName": person.display_name,
        "title": person.title,
        "preferredLanguage": place.language,
        "name.formatted": person.display_name,
        "name.givenName": person.given_name,
        "name.familyName": person.family_name,
        'emails[type eq "work"].value': person.user_name,
        'phoneNumbers[type eq "mobile"].value': person.mobile,
        'addresses[type eq "work"].formatted': place.office,
        'addresses[type eq "work"].streetAddress': place.street,
        'addresses[type eq "work"].locality': place.city,
        'addresses[type eq "work"].postalCode': place.postal_code,
        'addresses[type eq "work"].country': place.country,
        f"{ENTERPRISE}:employeeNumber": person.employee_number,
        f"{ENTERPRISE}:department": person.department,
    }
    if person.office_phone is not None:
        values['phoneNumbers[type eq "work"].value'] = person.office_phone
    return values


def new_user(values: Mapping[str, str]) -> dict[str, Any]:
    """Return the attributes of a new user, nested as a POST carries them (without schemas and ``active``)."""
    user: dict[str, Any] = {}
    for text, value in values.items():
        path = parse_path(text)
        home = user if path.urn is None else user.setdefault(path.urn, {})
        if path.type is not None:
            elements = home.setdefault(path.attribute, [])
            element = next((item for item in elements if item["type"] == path.type), None)
            if element is None:
                element = {"type": path.type, **({"primary": True} if path.attribute == "emails" else {})}
                elements.append(element)
            element[path.sub or "value"] = value
        elif path.sub is not None:
            home.setdefault(path.attribute, {})[path.sub] = value
        else:
            home[path.attribute] = value
    return user


def value_at(resource: Mapping[str, Any], text: str) -> Any:
    """Return what a resource has at a path of the mapping; None when it has nothing there."""
    path = parse_path(text)
    home: Any = resource if path.urn is None else resource.get(path.urn)
    value = home.get(path.attribute) if isinstance(home, Mapping) else None
    if path.type is not None:
        elements = value if isinstance(value, list) else []
        value = next((item for item in elements if isinstance(item, Mapping) and item.get("type") == path.type), None)
    if path.sub is not None:
        value = value.get(path.sub) if isinstance(value, Mapping) else None
    return value


def differences(person: Person, resource: Mapping[str, Any]) -> dict[str, str]:
    """Return the mapped values that the target does not have yet; empty when there is nothing to write."""
    return {path: value for path, value in target_values(person).items() if value_at(resource, path) != value}
