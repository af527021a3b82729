"""People in every state, groups, mappings, links and sessions: copies of the first rows, by number."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import md5
from uuid import UUID

from django.utils import timezone

from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import ActivePeriod, IdpGroup, MappingVersion, SignInIdentity, User
from saml.sync.run import sync_saml_users
from scim.models import AttributeValue
from tests.builders import ADMIN
from tests.scale.copies import Sql, copy_rows
from tests.scale.first_rows import FirstRows

A_DAY = 86_400  # seconds
IN_A_GROUP = 200
VALUES = 20  # at least as many as somebody has in the search index


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything. ``people`` are those in the group of everybody, and there are a few more."""

    people: int

    @property
    def everybody(self) -> int:
        """With those who are in no group."""
        return self.people + self.people // 20

    @property
    def groups(self) -> int:
        return max(self.people // 50, 4)

    @property
    def teams(self) -> int:
        return max(self.groups // 20, 2)

    @property
    def log_entries(self) -> int:
        return self.people * 20

    @property
    def audit_entries(self) -> int:
        return self.people * 10

    @property
    def most_rows(self) -> int:
        """Of one table."""
        return max(self.log_entries, self.everybody * VALUES, self.groups * IN_A_GROUP)


def id_of(kind: str, number: int) -> UUID:
    """The id of a ``person``, a ``group`` (of 200; from 2 on) or a ``team`` with that number."""
    return UUID(md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest())


@dataclass(frozen=True, slots=True)
class States:
    """Conditions on a person's number. Whoever is in none of the states is linked and can sign in."""

    people: int
    number: str = "n"

    def _every_hundredth(self, *remainders: int) -> str:
        among = ", ".join(map(str, remainders))
        return f"({self.number} <= {self.people} AND {self.number} % 100 IN ({among}))"

    def _of_the_others(self, remainder: int) -> str:
        return f"({self.number} > {self.people} AND {self.number} % 4 = {remainder})"

    @property
    def deactivated(self) -> str:
        return self._every_hundredth(0)

    @property
    def no_email(self) -> str:
        return self._every_hundredth(4)

    @property
    def unlinked(self) -> str:
        """Those who wait for the sync (1), two with one address (2, 3), those without an address (4)."""
        return self._every_hundredth(1, 2, 3, 4)

    @property
    def removed(self) -> str:
        return self._of_the_others(1)

    @property
    def group_deleted(self) -> str:
        return self._of_the_others(2)

    @property
    def deleted(self) -> str:
        return self._of_the_others(3)  # and 0: never was in a group


class Part:
    """What the parts of the fill share."""

    def __init__(self, size: Size, first: FirstRows) -> None:
        self.size, self.first, self.sql = size, first, Sql()
        self.now = timezone.now().replace(microsecond=0)
        self.states = States(size.people)

    def words(self, number: str = "n") -> dict[str, str]:
        """What differs between the first person and the others. Two people of each conflict share an address."""
        mail = f"({number} + CASE WHEN {number} % 100 = 2 THEN 1 ELSE 0 END)"
        given, family = f"({number} % 1000)", f"({number} % 977)"
        own_id = self.sql.uuid_text(f"'person' || {number}")
        return {
            str(self.first.person.pk): own_id,
            str(self.first.without_email.pk): own_id,
            "person0": f"'person' || {number}",
            "nomail0": f"'nomail' || {number}",
            "mail0": f"'mail' || {mail}",
            "Given0": f"'Given' || {given}",
            "given0": f"'given' || {given}",
            "Family0": f"'Family' || {family}",
            "family0": f"'family' || {family}",
        }

    def id_of(self, kind: str, number: str = "n") -> str:
        return self.sql.uuid(f"'{kind}' || {number}")

    def days_ago(self, days: float) -> str:
        return self.sql.moment(self.now, str(-days * A_DAY))

    def since(self, days: float, count: int) -> str:
        """Moments from that many days ago until now, in the order of the numbers."""
        return self.sql.moment(self.now, f"(n - {count}) * {days * A_DAY / count:.9f}")


class Company(Part):
    """Each method fills some tables."""

    def people(self) -> None:
        """The users, their periods and their rows in the search index."""
        self._people_like(self.first.person, "NOT")
        self._people_like(self.first.without_email, "")
        period = ActivePeriod.objects.get(user=self.first.person)
        copy_rows(
            [period],
            f"n <= {self.size.everybody}",
            user_id=self.id_of("person"),
            since=self.since(360, self.size.everybody),
            until=f"CASE WHEN {self.states.deactivated} OR {self.states.deleted} THEN {self.days_ago(1)} END",
        )

    def _people_like(self, person: User, without: str) -> None:
        """Those who have no address; with ``without`` "NOT" the others."""
        count, which = self.size.everybody, f"{without} {self.states.no_email}"
        created = self.since(360, count)
        copy_rows(
            [person],
            f"n <= {count} AND {which}",
            self.words(),
            id=self.id_of("person"),
            active=f"NOT {self.states.deactivated}",
            created_at=created,
            updated_at=created,
            deleted_at=f"CASE WHEN {self.states.deleted} THEN {self.days_ago(1)} END",
        )
        values = list(AttributeValue.objects.filter(user=person).order_by("id"))
        number = f"((n - 1) / {len(values)} + 1)"
        states = States(self.size.people, number)
        copy_rows(
            values,
            f"n <= {count * len(values)} AND {without} {states.no_email} AND NOT {states.deleted}",
            self.words(number),
            user_id=self.id_of("person", number),
        )

    def groups(self) -> None:
        words = {"group0": "'group' || n", str(self.first.group.pk): self.sql.uuid_text("'group' || n")}
        which, created = f"n BETWEEN 2 AND {self.size.groups}", self.days_ago(364)
        copy_rows([self.first.group], which, words, id=self.id_of("group"), created_at=created, updated_at=created)

    def memberships(self) -> None:
        """Everybody's, those of the groups of 200, ended ones, and those that left somebody without a group."""
        people, live, ended = self.size.people, self.first.membership, self.first.ended
        everybody, deleted_group = map(self.sql.id, (self.first.everybody.pk, self.first.deleted_group.pk))
        since = self.since(300, people)
        copy_rows([live], f"n <= {people}", user_id=self.id_of("person"), group_id=everybody, since=since)
        number, turn = f"((n - 1) / {IN_A_GROUP} + 2)", f"((n - 1) % {IN_A_GROUP})"
        which, group = f"n <= {(self.size.groups - 1) * IN_A_GROUP}", self.id_of("group", number)
        member = self.id_of("person", f"(({number} * 197 + {turn} * 31) % {people} + 1)")
        copy_rows([live], which, user_id=member, group_id=group, since=self.days_ago(200))
        member = self.id_of("person", f"(({number} * 197 + {turn} * 37) % {people} + 1)")
        former = {"since": self.days_ago(350), "until": self.days_ago(310)}
        copy_rows([ended], f"{which} AND n % 10 = 0", user_id=member, group_id=group, **former)
        for state, group, because in (
            (self.states.removed, everybody, "removed"),
            (self.states.group_deleted, deleted_group, "group_deleted"),
            (self.states.deleted, everybody, "user_deleted"),
        ):
            copy_rows(
                [ended],
                f"n <= {self.size.everybody} AND {state}",
                user_id=self.id_of("person"),
                group_id=group,
                since=self.days_ago(300),
                until=self.days_ago(1),
                ended_because=f"'{because}'",
            )
        IdpGroup.objects.filter(pk=self.first.deleted_group.pk).update(deleted_at=self.now - timedelta(days=1))

    def mappings(self) -> None:
        """Every second group has a mapping of its own, of which one gives the right to configure."""
        copy_rows(
            [self.first.team],
            f"n <= {self.size.teams}",
            {"team0": "'team' || n"},
            id=self.id_of("team"),
            created_at=self.days_ago(364),
        )
        copy_rows(
            [MappingVersion.objects.get(group=self.first.group, until=None)],
            f"n BETWEEN 2 AND {self.size.groups} AND n % 2 = 0",
            {str(self.first.team.pk): self.sql.uuid_text(f"'team' || (n % {self.size.teams} + 1)")},
            group_id=self.id_of("group"),
            since=self.days_ago(250),
        )
        top = MappingVersion.objects.filter(group=id_of("group", 2))
        top.update(level=Level.GLOBAL_ADMINISTRATOR, permissions=["configuration", "users"])

    def links(self) -> None:
        """The links to the identity provider; a tenth of the people has a session, a fifth had one."""
        count, linked = self.size.everybody, f"NOT {self.states.unlinked}"
        copy_rows(
            [self.first.identity],
            f"n <= {count} AND {linked}",
            self.words(),
            user_id=self.id_of("person"),
            since=self.days_ago(250),
            until=f"CASE WHEN {self.states.deleted} THEN {self.days_ago(1)} END",
        )
        for open_now, remainders in ((True, "9"), (False, "7, 8")):
            since = self.days_ago(0.01 if open_now else 5)
            copy_rows(
                [self.first.session],
                f"n <= {self.size.people} AND n % 100 > 4 AND n % 10 IN ({remainders})",
                id=self.id_of("session"),
                user_id=self.id_of("person"),
                since=since,
                last_seen_at=since,
                until=self.sql.null_moment if open_now else self.days_ago(4.9),
            )

    def sync(self) -> None:
        """A run over everybody, which finds the conflicts; whom it linked wait for the next one again."""
        began = timezone.now()
        sync_saml_users(actor=ADMIN)
        SignInIdentity.objects.filter(since__gte=began).update(until=timezone.now())
