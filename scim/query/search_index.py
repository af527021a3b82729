"""The search index over users' profiles: the rows of a profile, and their update when it changes."""

from collections.abc import Collection, Iterator, Mapping
from json import dumps
from typing import Any
from uuid import UUID

from django.db import connection

from gatekeeper.directory.case_folding import fold
from gatekeeper.runtime.bulk.inserts import insert_rows_later, target
from gatekeeper.runtime.statements.fixed_sql import Statement, same_plan_for_any
from gatekeeper.runtime.statements.sent_together import run_later
from scim.models import PREFIX_LENGTH, AttributeValue
from scim.protocol.literals import index_text
from scim.protocol.schemas import USER, Attribute, ResourceType

# Attributes with columns of their own in the table of users.
IN_COLUMNS = frozenset({"userName", "externalId", "active"})

_INDEX = target(
    "scim_attributevalue",
    {"user_id": "uuid", "path": "text", "element": "integer", "text": "text", "folded": "text", "prefix": "text"},
)

Profile = Mapping[str, Any]
Entry = tuple[str, int, str, bool]  # path, element, text, whether its case matters


def write_index(user_id: UUID, before: Profile, after: Profile, resource_type: ResourceType = USER) -> None:
    """Bring the rows of one user from ``before`` to ``after``, in the transaction of the change.

    Cost: nothing when no indexed attribute changed; else one delete and one insert.
    """
    gone, new = set(entries(before, resource_type)), set(entries(after, resource_type))
    stale = {(path, element) for path, element, _, _ in gone - new}
    if stale:
        paths = {path for path, _ in stale}
        _delete(user_id, sorted(paths))
        new = {entry for entry in new if entry[0] in paths} | (new - gone)
    else:
        new -= gone
    insert({user_id: sorted(new)})


def _delete(user_id: UUID, paths: list[str]) -> None:
    if connection.vendor == "postgresql":
        run_later("scim_attributevalue", _DELETE.postgresql, [user_id, paths])
    else:
        run_later("scim_attributevalue", _DELETE.sqlite, [user_id.hex, dumps(paths)])


_ALL_OF_A_USER = "DELETE FROM scim_attributevalue WHERE user_id = %s"
_DELETE = Statement(
    f"{_ALL_OF_A_USER} AND path = ANY ({same_plan_for_any('%s', 'text')})",
    f"{_ALL_OF_A_USER} AND path IN (SELECT value FROM json_each(%s))",  # noqa: S608 - constants
)


def clear_index(user_ids: Collection[UUID]) -> None:
    """Remove the rows of deleted users, whom SCIM does not find any more."""
    AttributeValue.objects.filter(user_id__in=user_ids).delete()


def insert(entries_by_user: Mapping[UUID, Collection[Entry]]) -> None:
    """Add the rows of one or many users with one statement."""
    insert_rows_later(_INDEX, [_row(user_id, entry) for user_id, found in entries_by_user.items() for entry in found])


def entries(profile: Profile, resource_type: ResourceType = USER) -> Iterator[Entry]:
    """Each searchable value of a profile. The type says which extensions are declared."""
    for extension, attribute in resource_type.each_attribute():
        if attribute.path in IN_COLUMNS:
            continue
        container = profile.get(extension.urn) if extension else profile
        value = (container or {}).get(attribute.name)
        if value is not None:
            yield from _entries_of(attribute, value)


def _entries_of(attribute: Attribute, value: Any) -> Iterator[Entry]:
    if attribute.multi_valued:
        for position, element in enumerate(value):
            text = "" if attribute.is_complex else index_text(attribute, element)
            yield attribute.path, position, text, attribute.case_exact
            yield from _sub_entries(attribute, element, position)
    elif attribute.is_complex:
        yield from _sub_entries(attribute, value, 0)
    else:
        yield attribute.path, 0, index_text(attribute, value), attribute.case_exact


def _sub_entries(attribute: Attribute, element: Profile, position: int) -> Iterator[Entry]:
    for sub in attribute.subs.values():
        value = element.get(sub.name)
        if value is not None:
            yield sub.path, position, index_text(sub, value), sub.case_exact


def _row(user_id: UUID, entry: Entry) -> tuple[UUID, str, int, str, str, str]:
    """The values of ``_INDEX``, without the form of a text that no comparison of this attribute reads."""
    path, element, text, is_exact = entry
    folded = fold(text)
    prefix = folded[:PREFIX_LENGTH]
    if is_exact:
        return user_id, path, element, text, folded if folded != prefix else "", prefix
    return user_id, path, element, "", folded, prefix
