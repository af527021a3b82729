"""Pages of people by number, each with the total: for lists whose readers ask for both."""

from django.core.exceptions import EmptyResultSet
from django.db import connection

from gatekeeper.directory.access.people_parts import Parts, count_people
from gatekeeper.directory.models import User
from gatekeeper.runtime.statements.unions import union_all


def numbered_page(parts: Parts, start: int, limit: int) -> tuple[list[User], int]:
    """The people at ``start`` (from 0) and after in the order of userName, at most ``limit``, and how many there are.

    Cost: the parts are worked out once for the page and the total, which two statements would do twice; one more
    statement reads the page's people, and one counts where the page begins beyond the last of them.
    """
    found = _ids_and_totals(parts, start, limit)
    if not found:
        return [], count_people(parts) if start else 0
    people = User.objects.filter(pk__in=[pk for pk, _ in found]).order_by("user_name_folded", "id")
    return list(people), found[0][1]


def _ids_and_totals(parts: Parts, start: int, limit: int) -> list[tuple[object, int]]:
    """The ids of the page's people, each with the total. The parts carry the order: nobody is looked up for it."""
    if not parts:
        return []
    keys = union_all([part.order_by().values_list("pk", "user_name_folded") for part in parts])
    try:
        statement, parameters = keys.query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        # The total is a sub-query of the same list, so the list is worked out as a whole, and once.
        cursor.execute(
            f"WITH people (id, name) AS ({statement}) SELECT id, (SELECT COUNT(*) FROM people) FROM people "  # noqa: S608
            "ORDER BY name, id LIMIT %s OFFSET %s",
            [*parameters, limit, start],
        )
        return list(cursor.fetchall())
