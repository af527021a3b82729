"""The columns of lists of people, and what each reads: for the people of a page, and only where it is shown."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.loaders import facts_of_people
from gatekeeper.directory.access.resolver import SiteFacts, effective_access
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.explanation.readiness import readiness_of_many
from gatekeeper.directory.models import SignIn, User
from gatekeeper.web.framework.lists.columns import Column
from saml.sync.name_mismatches import refused_name_ids
from scim.protocol.schemas import ENTERPRISE_USER

USER_NAME, LAST_SIGN_IN, LEVEL, GROUPS, TEAMS = "user_name", "last_sign_in", "level", "groups", "teams"
DEPARTMENT, CREATED = "department", "created"
FIXED = ("user", "email", "state")
COLUMNS = (
    Column(USER_NAME, _("User name")),
    Column(LEVEL, _("Level"), by_default=True),
    Column(GROUPS, _("IdP groups"), by_default=True),
    Column(TEAMS, _("Teams")),
    Column(DEPARTMENT, _("Department")),
    Column(LAST_SIGN_IN, _("Last sign-in")),
    Column(CREATED, _("Created")),
)


def complete(people: Sequence[Any], columns: Collection[str], site: SiteFacts) -> None:
    """Add to each person what the columns show. The statements are as many for one person as for a page of them.

    ``access``, ``readiness``, ``group_names`` and ``team_names`` always; ``department`` and ``last_sign_in`` where a
    column shows them.
    """
    facts = {person.user_id: person for person in facts_of_people(people)}
    access = {user_id: effective_access(person, site) for user_id, person in facts.items()}
    removals = {user_id: person.last_removal for user_id, person in facts.items() if person.last_removal}
    readiness = readiness_of_many(people, access, received=refused_name_ids(people), removals=removals)
    ids = [person.id for person in people]
    last = _last_sign_ins(ids) if LAST_SIGN_IN in columns else {}
    for person in people:
        person.access = access[person.id]
        person.readiness = readiness[person.id]
        person.group_names = sorted((name for _, name in facts[person.id].groups), key=fold)
        person.team_names = sorted(person.access.teams.values())
        person.last_sign_in = last.get(person.id)
        person.department = _department(person) if DEPARTMENT in columns else ""


def as_cells(person: Any, columns: Collection[str]) -> dict[str, Any]:
    """A completed person as a file shows them: the fixed columns, and those that are chosen."""
    cells = {
        USER_NAME: person.user_name,
        LEVEL: person.access.level.slug,
        GROUPS: person.group_names,
        TEAMS: person.team_names,
        DEPARTMENT: person.department,
        LAST_SIGN_IN: _iso(person.last_sign_in),
        CREATED: _iso(person.created_at),
    }
    fixed = (person.label, person.work_email, person.readiness.state.value)
    return {**dict(zip(FIXED, fixed, strict=True)), **{name: cells[name] for name in columns}}


def csv_header(columns: Sequence[str]) -> list[str]:
    """The names of the columns of a file."""
    return [*FIXED, *columns]


def _last_sign_ins(ids: Sequence[UUID]) -> dict[UUID, Any]:
    """When each of these people signed in last: one row of the index for each, however often they did."""
    last = SignIn.objects.filter(user=OuterRef("pk")).order_by("-since").values("since")[:1]
    people = User.objects.filter(pk__in=ids).order_by().annotate(last_in=Subquery(last))
    return dict(people.values_list("pk", "last_in"))


def _department(person: User) -> str:
    extension = person.attributes.get(ENTERPRISE_USER)
    value = extension.get("department") if isinstance(extension, dict) else None
    return value if isinstance(value, str) else ""


def _iso(moment: Any) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""
