"""Several queries as one statement."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet


def union_all(parts: Sequence[QuerySet[Any, Any]]) -> QuerySet[Any, Any]:
    """The rows of all ``parts``, of which there is one at least, in no order; a row as often as it is found.

    Django's union keeps the model's own order from Django 6.1 on, and that asks for columns that no part selects.
    """
    return parts[0].union(*parts[1:], all=True).order_by() if len(parts) > 1 else parts[0]
