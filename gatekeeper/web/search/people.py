"""People by a part of a name or an address, by their ids, and with the reason why they can't sign in."""

from functools import reduce

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.access.people_pages import searched
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.explanation.readiness import readiness_of_many
from gatekeeper.directory.models import User
from gatekeeper.runtime.statements.unions import union_all
from gatekeeper.web.framework.change_lists import is_short
from gatekeeper.web.search.options import Fit, Option, Section, best_fit, has_id
from gatekeeper.web.templatetags.gatekeeper import state_in_words
from saml.sync.name_mismatches import refused_name_ids

# So many are compared to find the best ones. Whoever has a name that hundreds have too types more of it, or its
# beginning, which has indexes of its own.
COMPARED = 200
_LAST = "\U0010ffff"  # sorts behind every character
_READ = (
    *("id", "origin", "external_id", "display_name", "user_name", "user_name_folded", "work_email"),
    *("work_email_folded", "active", "created_at", "updated_at", "deleted_at"),
)


def people_section(search: str, most: int) -> Section | None:
    """The people who fit best, with their states; None when nobody does. The number of queries is fixed."""
    candidates = {person.pk: person for person in _candidates(search)}.values()
    fits = {person.pk: _fit(search, person) for person in candidates}

    def place(person: User) -> tuple[Fit, bool, str]:
        return fits[person.pk], person.deleted_at is not None, fold(person.label)

    people = sorted(candidates, key=place)[:most]
    if not people:
        return None
    access = access_of_many(people)
    readiness = readiness_of_many(people, access, received=refused_name_ids(people))
    options = [
        Option(
            name=person.label,
            address=reverse("web:person", args=[person.pk]),
            icon="user",
            fit=fits[person.pk],
            about=_address_of(person),
            state=state_in_words(readiness[person.pk]),
            readiness=readiness[person.pk],
        )
        for person in people
    ]
    everybody = f"{reverse('admin:directory_user_changelist')}?{urlencode({'q': search})}"
    return Section(title=_("People"), options=options, more=everybody if len(candidates) > most else "")


def _address_of(person: User) -> str:
    return next((text for text in (person.work_email, person.user_name) if text and text != person.label), "")


def _fit(search: str, person: User) -> Fit:
    return best_fit(search, person.label, (person.user_name, person.work_email, person.external_id, str(person.pk)))


def _candidates(search: str) -> list[User]:
    """Whose userName or e-mail begins so, or whose id it is, by the indexes over these; who has each word in a name.

    Of fewer than three characters only these beginnings are found.
    """
    parts = _by_indexes(search)
    if not is_short(search):
        parts.append(reduce(searched, search.split(), User.objects.only(*_READ).order_by()))
    parts = [part[:COMPARED] for part in parts]
    if connection.features.supports_slicing_ordering_in_compound:
        return list(union_all(parts))
    return [person for part in parts for person in part]


def _by_indexes(search: str) -> list[QuerySet[User]]:
    people, folded = User.objects.only(*_READ).order_by(), fold(search)
    live, until = people.filter(deleted_at=None), folded + _LAST
    return [
        live.filter(user_name_folded__gte=folded, user_name_folded__lt=until).order_by("user_name_folded"),
        live.filter(work_email_folded__gte=folded, work_email_folded__lt=until).order_by("work_email_folded"),
        people.filter(has_id(search)),
    ]
