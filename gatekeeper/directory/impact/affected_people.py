"""The people whose access a proposed change would change: the list behind a preview's counts."""

from dataclasses import dataclass
from uuid import UUID

from gatekeeper.directory.access.group_sets import active_people
from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.access.people_pages import PAGE, START, NamePage, Place, page_by_name, searched
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.impact.preview import Preview
from gatekeeper.directory.models import User


@dataclass(frozen=True, slots=True)
class AffectedPerson:
    """One line of the list: the person, and their access before and after."""

    user: User
    before: Access
    after: Access


def affected_people(
    preview: Preview, *, search: str = "", place: Place = START, limit: int = PAGE
) -> tuple[list[AffectedPerson], NamePage]:
    """One page of the people whose access would change, by name; and what lies before and after the page.

    ``search`` finds parts of the display name, userName and work e-mail in any case.
    """
    kinds = preview.kind_of_affected()
    people = searched(active_people(), search)
    if len(kinds) <= SLICE:
        people = people.filter(pk__in=[UUID(user_id) for user_id in kinds])
    page = page_by_name([people], place, among=kinds, limit=limit)
    found = zip(page.people, (kinds[user_id] for user_id in page.id_texts), strict=True)
    return [AffectedPerson(user, kind.before, kind.after) for user, kind in found], page
