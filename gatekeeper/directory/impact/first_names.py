"""A few people of many by their names, for a question or a message: "Ada, Bo, Cy and 104 others"."""

from collections.abc import Collection, Sequence
from uuid import UUID

from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.directory.access.loaders import SLICE
from gatekeeper.directory.access.people_pages import START, page_by_name
from gatekeeper.directory.models import User

NAMED = 3


def first_names(ids: Collection[str]) -> str:
    """The first of these people by userName, and how many others there are. One query; four for more than 900 people.

    ``ids``: as texts, as the database writes them.
    """
    if not ids:
        return ""
    if len(ids) <= SLICE:
        some = User.objects.filter(pk__in=[UUID(one) for one in ids])
        found = list(some.order_by("user_name_folded")[:NAMED])
    else:
        found = list(page_by_name([User.objects.live()], START, among=set(ids), limit=NAMED).people)
    return listed([user.label for user in found], len(ids))


def listed(names: Sequence[str], total: int) -> str:
    """The first three of these names, and how many more of ``total`` there are."""
    shown = list(names[:NAMED])
    more = total - len(shown)
    if more > 0:
        shown.append(ngettext("%(count)s other", "%(count)s others", more) % {"count": f"{more:,}"})
    return get_text_list(shown, _("and"))
