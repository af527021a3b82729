"""Every pair of writes at one moment: what may never be seen, is never seen (``directory/row_locks.py``).

The first write of a pair is stopped, once after its first statement and once before it commits; the second one runs
until it is done or has to wait. So each pair meets at the points where it can hurt, and not by luck.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from itertools import count, product
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.identity_linking.identity_providers import end_identity_provider
from gatekeeper.directory.identity_linking.sign_in import person_who_signs_in
from gatekeeper.directory.levels import Level
from gatekeeper.directory.mappings.mappings import choose_fallback_team, reset_mapping, set_mapping
from gatekeeper.directory.models import (
    ActivePeriod,
    IdentityProvider,
    IdpGroup,
    MappingVersion,
    Membership,
    SignIn,
    SignInIdentity,
    SiteChoice,
    Team,
    User,
)
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.directory.teams.teams import delete_team, merge_teams
from gatekeeper.errors import DomainError
from scim.credentials.api_keys import generate_key
from scim.models import AttributeValue
from tests.builders import ADMIN, ENTRA, link, make_group, make_provider, make_team, make_user, map_group
from tests.directory.interleaving import TwoConnections, Where, after_first_statement, before_commit
from tests.scim.conftest import ScimClient

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("postgresql" not in connection.vendor, reason="SQLite lets one transaction write at a time"),
]

_numbers = count(1)


@dataclass
class Scene:
    """Ada and Bo may configure, each by a group of their own; Cy is in a group, Di in none, Ed is inactive."""

    key: str
    number: int = field(default_factory=lambda: next(_numbers))
    entries_before: int = 0

    def __post_init__(self) -> None:
        SiteChoice.objects.get_or_create(until=None)  # what the migration makes; it is the site's lock
        self.teams = [make_team(), make_team()]
        self.provider = make_provider()
        self.ada, self.bo, self.cy, self.di = (self.user(name) for name in ("ada", "bo", "cy", "di"))
        self.ed = make_user(self.name("ed"), external_id="ed-1", active=False)
        self.leaders = [make_group(members=[user]) for user in (self.ada, self.bo)]
        for group in self.leaders:
            map_group(group, "global_administrator", ["configuration"])
        self.group, self.other = make_group(members=[self.cy, self.ed]), make_group(members=[self.cy])
        map_group(self.group, teams=[self.teams[0]])
        link()
        self.fay = self.user("fay")  # not linked yet

    def user(self, name: str) -> User:
        return make_user(self.name(name), external_id=f"{name}-1")

    def name(self, name: str) -> str:
        return f"{name}{self.number}@x.com"

    @property
    def scim(self) -> ScimClient:
        return ScimClient(self.key)

    def patch_members(self, group: IdpGroup, op: str, *users: User) -> int:
        value = [{"value": str(user.id)} for user in users]
        return self.scim.patch(f"/Groups/{group.id}", {"op": op, "path": "members", "value": value}).status_code

    def put_members(self, group: IdpGroup, *users: User) -> int:
        members = [{"value": str(user.id)} for user in users]
        body = {"displayName": group.display_name, "members": members}
        return self.scim.put(f"/Groups/{group.id}", body).status_code

    def post_group(self, *users: User) -> int:
        members = [{"value": str(user.id)} for user in users]
        return self.scim.post("/Groups", {"displayName": self.name("new group"), "members": members}).status_code

    def patch_user(self, user: User, path: str, value: Any) -> int:
        return self.scim.patch(f"/Users/{user.id}", {"op": "replace", "path": path, "value": value}).status_code

    def post_user(self, name: str, external_id: str) -> int:
        return self.scim.post("/Users", {"userName": self.name(name), "externalId": external_id}).status_code

    def delete(self, row: User | IdpGroup) -> int:
        return self.scim.delete(f"/{'Users' if isinstance(row, User) else 'Groups'}/{row.id}").status_code

    def put_manager(self, user: User, manager: User) -> int:
        enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        body = {"userName": user.user_name, "externalId": user.external_id, enterprise: {"manager": str(manager.id)}}
        return self.scim.put(f"/Users/{user.id}", body).status_code

    def bulk(self) -> int:
        """Takes Di and Cy in and out in the order opposite to other writes, and creates somebody."""
        members = [{"value": str(user.id)} for user in (self.di, self.cy)]
        operation = {"op": "add", "path": "members", "value": members}
        operations = [
            {"method": "POST", "path": "/Users", "bulkId": "1", "data": {"userName": self.name("new")}},
            {"method": "PATCH", "path": f"/Groups/{self.other.id}", "data": {"Operations": [operation]}},
            {"method": "DELETE", "path": f"/Users/{self.di.id}"},
        ]
        answer = self.scim.post("/Bulk", {"Operations": operations}).json()
        return max(int(each["status"]) for each in answer["Operations"])

    def sign_in(self, user: User) -> None:
        found = person_who_signs_in(self.provider.id, user.user_name, "object-1")
        open_sign_in(found, actor=ENTRA, provider_id=self.provider.id)

    def map(self, wanted: MappingRecord) -> None:
        set_mapping(self.group.id, wanted, actor=ADMIN)


def collaborators(*teams: Team) -> MappingRecord:
    return MappingRecord(level=Level.COLLABORATOR, team_ids=frozenset(team.id for team in teams))


# What an identity provider, the scheduler and administrators do; each leaves the others something to run into.
WRITES: dict[str, Callable[[Scene], Any]] = {
    "DELETE user in no group": lambda scene: scene.delete(scene.di),
    "DELETE user in groups": lambda scene: scene.delete(scene.cy),
    "DELETE inactive user": lambda scene: scene.delete(scene.ed),
    "DELETE user to be linked": lambda scene: scene.delete(scene.fay),
    "PATCH add members": lambda scene: scene.patch_members(scene.group, "add", scene.di, scene.fay),
    "PATCH add members in the other order": lambda scene: scene.patch_members(scene.other, "add", scene.fay, scene.di),
    "PATCH remove member": lambda scene: scene.patch_members(scene.group, "remove", scene.cy),
    "PATCH remove member elsewhere": lambda scene: scene.patch_members(scene.other, "remove", scene.cy),
    "PUT members": lambda scene: scene.put_members(scene.group, scene.di, scene.ed, scene.ada),
    "PUT no members": lambda scene: scene.put_members(scene.other),
    "POST group": lambda scene: scene.post_group(scene.fay, scene.cy, scene.di),
    "DELETE group": lambda scene: scene.delete(scene.group),
    "PATCH inactive": lambda scene: scene.patch_user(scene.cy, "active", False),
    "PATCH userName": lambda scene: scene.patch_user(scene.di, "userName", scene.name("new")),
    "PATCH userName of another": lambda scene: scene.patch_user(scene.cy, "userName", scene.name("di")),
    "PATCH e-mail": lambda scene: scene.patch_user(scene.fay, 'emails[type eq "work"].value', scene.name("cy")),
    "PUT manager": lambda scene: scene.put_manager(scene.cy, scene.di),
    "POST user": lambda scene: scene.post_user("new", "new-1"),
    "POST revives": lambda scene: scene.post_user("ed", "ed-1"),
    "POST for another person of that name": lambda scene: scene.post_user("ed", "ed-2"),
    "Bulk": lambda scene: scene.bulk(),
    "demote Ada by a group": lambda scene: scene.patch_members(scene.leaders[0], "remove", scene.ada),
    "demote Bo by deactivation": lambda scene: scene.patch_user(scene.bo, "active", False),
    "demote Bo's group": lambda scene: reset_mapping(scene.leaders[1].id, actor=ADMIN),
    "sync": lambda scene: link(),
    "sign in": lambda scene: scene.sign_in(scene.cy),
    "delete connection": lambda scene: end_identity_provider(scene.provider.id, actor=ADMIN),
    "map group": lambda scene: scene.map(collaborators(*reversed(scene.teams))),
    "delete team": lambda scene: delete_team(scene.teams[1].id, actor=ADMIN),
    "merge teams": lambda scene: merge_teams(scene.teams[0].id, scene.teams[1].id, actor=ADMIN),
    "choose fallback team": lambda scene: choose_fallback_team(scene.teams[1].id, actor=ADMIN),
}

EVENTS = ("created", "changed", "deactivated", "reactivated", "revived", "deleted")
PARTS = 4  # so that several processes can share the work
TABLES: list[Any] = [IdentityProvider, User, IdpGroup, Team, SiteChoice, MappingVersion]
TABLES += [SignInIdentity, SignIn, ActivePeriod, Membership, AttributeValue]


@pytest.fixture
def scene(transactional_db: None) -> Scene:
    return Scene(generate_key("Entra", actor=ADMIN)[1])


@pytest.fixture
def begin_anew(scene: Scene) -> Iterator[Callable[[], None]]:
    """Puts the rows back that the scene began with: making them anew for each pair would take minutes."""
    tables = [model._meta.db_table for model in TABLES]
    for table in tables:
        run_sql(f"CREATE TEMPORARY TABLE kept_{table} AS TABLE {table}")
    put_back = [f"DELETE FROM {table}" for table in reversed(tables)]
    put_back += [f"INSERT INTO {table} SELECT * FROM kept_{table}" for table in tables]

    @transaction.atomic
    def begin() -> None:
        run_sql("; ".join(put_back))
        scene.entries_before = AuditEntry.objects.count()

    yield begin
    for table in tables:
        run_sql(f"DROP TABLE kept_{table}")


@pytest.fixture
def two_connections() -> Iterator[TwoConnections]:
    with closing(TwoConnections()) as two:
        yield two


@pytest.mark.parametrize("where", [after_first_statement, before_commit])
@pytest.mark.parametrize("part", range(PARTS))
def test_every_pair_of_writes_leaves_the_site_whole(
    scene: Scene, begin_anew: Callable[[], None], two_connections: TwoConnections, part: int, where: Where
) -> None:
    before, wrong = versions(), dict[tuple[str, str], Any]()
    for pair in product(list(WRITES)[part::PARTS], WRITES):
        if where is after_first_statement and pair[0] > pair[1]:
            continue  # both have only begun then, so the other order is much the same
        begin_anew()

        answers = two_connections.interleave(*(tried(name, scene) for name in pair), where)

        failed = [answer for answer in answers if isinstance(answer, int) and answer >= 500]
        if failed or broken(scene, before):
            wrong[pair] = answers, broken(scene, before)

    assert wrong == {}


def test_what_may_never_be_seen_would_be_seen(scene: Scene, begin_anew: Callable[[], None]) -> None:
    before = versions()
    begin_anew()
    assert broken(scene, before) == []

    User.objects.filter(pk=scene.cy.pk).update(deleted_at=timezone.now(), active=False, version=7)
    Membership.objects.filter(user__in=[scene.ada, scene.bo]).update(until=timezone.now())

    assert {
        "a member who was deleted",
        "a link of a deleted user",
        "a period of who is not active",
        "versions and audit trail differ",
        "nobody may configure",
    } <= set(broken(scene, before))


def tried(name: str, scene: Scene) -> Callable[[], Any]:
    """Anything but a refusal that says what is wrong comes out of the pair, and fails the test."""

    def run() -> Any:
        try:
            answer = WRITES[name](scene)
        except DomainError as refusal:
            return refusal
        return answer if isinstance(answer, int) else None

    return run


def broken(scene: Scene, before: dict[str, int]) -> list[str]:
    """What should be true after any two writes, and is not."""
    access = access_of_many(User.objects.all())
    signed_in = SignIn.objects.live().values_list("user_id", flat=True)
    found = {
        **impossible_rows(),
        "versions and audit trail differ": versions() != audited(before, scene.entries_before),
        "nobody may configure": not any(each.can_configure for each in access.values()),
        "a session of somebody without access": any(access[user_id].level is Level.NONE for user_id in signed_in),
        "a group lists whom SCIM does not know": not set(listed(scene)) <= set(known(scene)),
    }
    return [what for what, is_so in found.items() if is_so]


def impossible_rows() -> dict[str, bool]:
    """Which rows that must not be there are there, in one statement."""
    names, statement, parameters = impossible()
    return dict(zip(names, run_sql(statement, parameters), strict=True))


@cache
def impossible() -> tuple[list[str], str, list[Any]]:
    gone, a_user, a_period = {"user__deleted_at__isnull": False}, User.objects.live(), ActivePeriod.objects.live()
    rows: dict[str, QuerySet[Any]] = {
        "a member who was deleted": Membership.objects.live().filter(**gone),
        "a member of a deleted group": Membership.objects.live().filter(group__deleted_at__isnull=False),
        "a link of a deleted user": SignInIdentity.objects.live().filter(**gone),
        "a link of a deleted connection": SignInIdentity.objects.live().filter(provider__until__isnull=False),
        "a session of a deleted user": SignIn.objects.live().filter(**gone),
        "a session of an inactive user": SignIn.objects.live().filter(user__active=False),
        "a session through a deleted connection": SignIn.objects.live().filter(provider__until__isnull=False),
        "a mapping of a deleted group": MappingVersion.objects.live().filter(group__deleted_at__isnull=False),
        "a fallback team that was deleted": SiteChoice.objects.live().filter(fallback_team__deleted_at__isnull=False),
        "search finds a deleted user": AttributeValue.objects.filter(**gone),
        "an active user without a period": a_user.filter(~Exists(a_period.filter(user=OuterRef("pk"))), active=True),
        "a period of who is not active": a_period.filter(~Exists(a_user.filter(pk=OuterRef("user"), active=True))),
        "a failed request": ProvisioningEntry.objects.filter(status__gte=500),
    }
    compiled = [each.query.sql_with_params() for each in rows.values()]
    statement = ", ".join(f"EXISTS ({sql})" for sql, _ in compiled)
    return list(rows), f"SELECT {statement}", [value for _, values in compiled for value in values]


def run_sql(statement: str, parameters: list[Any] | None = None) -> Any:
    """Run it; the first row of what it answers."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchone() if cursor.description else None


def versions() -> dict[str, int]:
    return {str(pk): version for pk, version in User.objects.values_list("pk", "version")}


def audited(before: dict[str, int], entries_before: int) -> dict[str, int]:
    """What the versions should be: one more for each change that the audit trail lists."""
    entries = AuditEntry.objects.order_by("pk").values_list("event", "object_id")[entries_before:]
    about = [user_id for event, user_id in entries if event in {f"user.{each}" for each in EVENTS}]
    return dict(Counter(before) + Counter(about))


def listed(scene: Scene) -> Iterator[str]:
    for group in scene.scim.get("/Groups?count=100").json()["Resources"]:
        yield from (member["value"] for member in group.get("members", ()))


def known(scene: Scene) -> list[str]:
    return [user["id"] for user in scene.scim.get("/Users?count=100&attributes=id").json()["Resources"]]
