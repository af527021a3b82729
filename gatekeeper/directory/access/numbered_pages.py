"""Pages of people by number, each with the total: for lists whose readers ask for both."""

from django.db.models import Count, Window

from gatekeeper.directory.access.people_parts import Parts, as_set, count_people
from gatekeeper.directory.models import User


def numbered_page(parts: Parts, start: int, limit: int) -> tuple[list[User], int]:
    """The people at ``start`` (from 0) and after in the order of userName, at most ``limit``, and how many there are.

    Cost: the parts are worked out once for the page and the total, which two statements would do twice; one more
    statement reads the page's people, and one counts where the page begins beyond the last of them.
    """
    everybody = as_set(parts).order_by("user_name_folded", "id")
    found = list(everybody.annotate(total=Window(Count("pk"))).values_list("pk", "total")[start : start + limit])
    if not found:
        return [], count_people(parts) if start else 0
    people = User.objects.in_bulk([pk for pk, _ in found])
    return [people[pk] for pk, _ in found if pk in people], found[0][1]
