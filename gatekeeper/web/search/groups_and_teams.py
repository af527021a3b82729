"""IdP groups and teams by a part of their names: what fits best is chosen by the database. Groups also by their ids."""

from typing import Any
from uuid import UUID

from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import IdpGroup, Membership, Team
from gatekeeper.web.framework.places import GROUPS
from gatekeeper.web.search.options import Option, Section, fit_of, has_id, uuid_in

LOOKED_AT = 50  # of these the ones that are shown on pages


def groups_section(search: str, most: int) -> Section | None:
    """The groups on the page that fit best. One query."""
    # Whether a group ever had a member is asked of the few that fit best, not as a condition of each that fits.
    first = Membership.objects.filter(group=OuterRef("pk")).order_by().values("group")[:1]
    known = IdpGroup.objects.live().annotate(ever_used=Subquery(first)).values_list("id", "display_name", "ever_used")
    best = _best(known, "display_name_folded", search, or_else=has_id(search))
    groups = [(group_id, name) for group_id, name, ever_used in best[:LOOKED_AT] if ever_used]
    options = [_option(name, "web:group_users", group_id, "group", search) for group_id, name in groups[:most]]
    more = f"{GROUPS.address}?{urlencode({'q': search})}" if len(groups) > most else ""
    return Section(title=_("IdP groups"), options=options, more=more) if options else None


def teams_section(search: str, most: int) -> Section | None:
    """The teams that fit best. One query; none for the id of something."""
    if uuid_in(search):
        return None
    teams = list(_best(Team.objects.live().values_list("id", "name"), "name_folded", search)[: most + 1])
    options = [_option(name, "web:team_people", team_id, "team", search) for team_id, name in teams[:most]]
    more = reverse("web:teams") if len(teams) > most else ""
    return Section(title=_("Teams"), options=options, more=more) if options else None


def _best(rows: QuerySet[Any, Any], column: str, search: str, *, or_else: Q | None = None) -> QuerySet[Any, Any]:
    """Those with each word of the search in their name, or else; first the name itself, then what begins so."""
    folded = fold(search)
    has_words = Q(*(Q(**{f"{column}__contains": word}) for word in folded.split()))
    fit = Case(
        When(Q(**{column: folded}), then=Value(0)),
        When(Q(**{f"{column}__startswith": folded}), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.filter(has_words | or_else if or_else else has_words).order_by(fit, column)


def _option(name: str, page: str, pk: UUID, icon: str, search: str) -> Option:
    return Option(name=name, address=reverse(page, args=[pk]), icon=icon, fit=fit_of(search, name))
