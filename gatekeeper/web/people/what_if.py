"""What if: somebody's access as it would be in other groups, beside what they have. Nothing is saved."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.states import state_of
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.identity_linking.sync_schedule import next_sync
from gatekeeper.directory.impact.what_if import WhatIf, what_if
from gatekeeper.directory.models import IdpGroup, Membership, User
from gatekeeper.web.framework.access_picture.graph import WithoutGroups
from gatekeeper.web.framework.access_picture.picture import access_picture
from gatekeeper.web.framework.permissions import access_of_request, may_configure, only
from gatekeeper.web.people.comparison import compare
from saml.sync.name_mismatches import refused_name_ids

MOST_FOUND = 20  # groups below the search field
LOOKED_AT = 60  # of these the ones that are shown on pages
MOST_ASKED = 200  # groups in one question


@dataclass(frozen=True, slots=True)
class Asked:
    """The question in the address. ``unknown``: how many groups it names that are not there (any more)."""

    add: list[IdpGroup]
    take_out: frozenset[UUID]
    search: str
    unknown: int


@require_safe
@only(may_configure)
def what_if_page(request: HttpRequest, user_id: UUID) -> HttpResponse:
    """The question as a form, and its answer. A fixed number of statements, whatever is asked."""
    user = User.objects.provisioned().filter(pk=user_id).first()
    if user is None:
        raise Http404
    memberships = Membership.objects.live().filter(user=user).select_related("group").order_by()
    own = sorted((each.group for each in memberships), key=lambda group: group.display_name_folded)
    asked = _asked(request, own)
    answer = what_if(user, add=asked.add, take_out=asked.take_out)
    page: dict[str, Any] = {
        "person": user,
        "asked": asked,
        "own_groups": own,
        "found": _found(asked, own),
        "is_asked": bool(asked.add or asked.take_out),
        "unmapped": answer.unmapped(asked.add),
        "comparison": _comparison(user, answer),
        "picture": access_picture(
            answer.after,
            WithoutGroups(answer.person.last_ended, answer.site.last_group_policy),
            viewer=access_of_request(request),
        ),
    }
    return render(request, "web/people/what_if.html", page)


def _comparison(user: User, answer: WhatIf) -> Any:
    received = refused_name_ids([user]).get(user.id)
    states = (state_of(answer.before, received), state_of(answer.after, received))
    due = next_sync(timezone.now())
    return compare(answer.before, answer.after, states, (due, due))


def _asked(request: HttpRequest, own: Collection[IdpGroup]) -> Asked:
    """Whatever the address holds is a question: of what is no group any more it is said how many there are."""
    theirs = {group.id for group in own}
    wanted = list(dict.fromkeys(request.GET.getlist("add")))[:MOST_ASKED]
    ids = _ids(wanted)
    add = list(IdpGroup.objects.live().filter(pk__in=ids).order_by("display_name_folded")) if ids else []
    return Asked(
        add=[group for group in add if group.id not in theirs],
        take_out=frozenset(_ids(request.GET.getlist("take_out"))) & theirs,
        search=request.GET.get("q", "").strip(),
        unknown=len(wanted) - len(add),
    )


def _ids(texts: Iterable[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found


def _found(asked: Asked, own: Collection[IdpGroup]) -> list[IdpGroup]:
    """The groups that are called so, one more than are shown; none before anything is searched for."""
    if not asked.search or "\x00" in asked.search:
        return []
    known = {group.id for group in (*own, *asked.add)}
    # Whether a group ever had a member is asked of the first that fit, not as a condition of each that fits.
    first = Membership.objects.filter(group=OuterRef("pk")).order_by().values("group")[:1]
    fit = IdpGroup.objects.live().annotate(ever_used=Subquery(first)).exclude(pk__in=list(known))
    for word in fold(asked.search).split():
        fit = fit.filter(display_name_folded__contains=word)
    return [group for group in fit.order_by("display_name_folded")[:LOOKED_AT] if getattr(group, "ever_used", None)][
        : MOST_FOUND + 1
    ]
