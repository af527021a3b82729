"""Ids in what a log says, as the names of the people they mean."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from gatekeeper.directory.models import User

_ID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")
MOST_NAMES = 500  # ids to look up for one page; an entry about a huge group keeps the rest as ids


def names_in(documents: Iterable[Any]) -> dict[str, str]:
    """The names of the people whose ids occur in these documents. One query, or none."""
    ids = sorted({found for document in documents for found in _ID.findall(str(document))})[:MOST_NAMES]
    if not ids:
        return {}
    people = User.objects.filter(pk__in=[UUID(found) for found in ids]).only("id", "display_name", "user_name")
    return {str(person.id): person.label for person in people}


def named(document: Any, names: dict[str, str]) -> Any:
    """The document with each known id replaced by the name; ids of nobody stay."""
    if isinstance(document, str):
        return _ID.sub(lambda found: names.get(found[0], found[0]), document)
    if isinstance(document, list):
        return [named(part, names) for part in document]
    if isinstance(document, dict):
        return {name: named(part, names) for name, part in document.items()}
    return document
