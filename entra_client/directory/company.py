"""A believable company, made from a seed: the same numbers give the same people, groups and ids every time."""

import random
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from entra_client.directory.names import (
    DEPARTMENTS,
    FAMILY_NAMES,
    GIVEN_NAMES,
    PLACES,
    PROJECTS,
    WITHOUT_ACCENT,
    Department,
    Place,
)

PEOPLE_PER_LEAD = 8
CROSS_GROUPS = ("GK All Staff", "GK Contract Approvers", "GK Administrators", "GK Auditors")


@dataclass(frozen=True, kw_only=True)
class Person:
    """One person as the source directory knows them. ``object_id`` never changes; everything else may."""

    object_id: str
    user_name: str  # the userPrincipalName, which the help page wants as e-mail and as NameID too
    given_name: str
    family_name: str
    title: str
    department: str
    employee_number: str
    place: Place
    mobile: str
    office_phone: str | None
    manager_id: str | None  # object id
    enabled: bool = True

    @property
    def display_name(self) -> str:
        """The name in the order that most of the company writes it."""
        return f"{self.given_name} {self.family_name}"


@dataclass(frozen=True, kw_only=True)
class SecurityGroup:
    """One security group with the object ids of its members."""

    object_id: str
    display_name: str
    members: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Company:
    """Everybody who is assigned to the enterprise application, and the groups that are."""

    name: str
    domain: str
    tenant_id: str
    people: tuple[Person, ...]
    groups: tuple[SecurityGroup, ...]

    def groups_of(self, object_id: str) -> list[SecurityGroup]:
        """The assigned groups that somebody is in; empty for who is assigned directly."""
        return [group for group in self.groups if object_id in group.members]


def make_company(*, people: int, groups: int, seed: int) -> Company:
    """Return the company of this size for this seed.

    The first person leads the company, then come the heads of department, then the rest; everyone else has a manager.
    Roughly every twelfth person is in no group: they are assigned to the application directly.
    """
    dice = _dice(f"{seed}/{people}/{groups}")
    domain = "quayside.example" if seed == 1 else f"quayside{seed}.example"
    everybody = _make_people(dice, people, domain)
    return Company(
        name="Quayside Group",
        domain=domain,
        tenant_id=_object_id(dice),
        people=tuple(everybody),
        groups=tuple(_make_groups(dice, everybody, groups)),
    )


def make_joiner(company: Company, number: int) -> Person:
    """Return somebody who is not in the company yet: the same person for the same number."""
    dice = _dice(f"{company.tenant_id}/joiner/{number}")
    taken = {person.user_name for person in company.people}
    boss = company.people[0]
    department = DEPARTMENTS[number % len(DEPARTMENTS)]
    given, family = dice.choice(GIVEN_NAMES), dice.choice(FAMILY_NAMES)
    user_name = _free_user_name(given, family, company.domain, taken)
    return _person(dice, given, family, user_name, department.staff[0], department.name, boss.object_id)


def make_group(company: Company, number: int) -> SecurityGroup:
    """Return a security group that is not in the company yet: the same for the same number, without members."""
    dice = _dice(f"{company.tenant_id}/group/{number}")
    return SecurityGroup(object_id=_object_id(dice), display_name=f"GK Task Force {number}", members=frozenset())


def plain(text: str) -> str:
    """Return ``text`` in ASCII lower case, as mail systems want it; an apostrophe stays, for Entra allows it."""
    taken_apart = unicodedata.normalize("NFKD", text.translate(WITHOUT_ACCENT))
    letters = (letter for letter in taken_apart if letter.isascii() and (letter.isalnum() or letter in "'-"))
    return "".join(letters).lower()


def _dice(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- believable and the same each time is what is wanted, not secret


def _object_id(dice: random.Random) -> str:
    return str(UUID(int=dice.getrandbits(128), version=4))


def _free_user_name(given: str, family: str, domain: str, taken: set[str]) -> str:
    base = f"{plain(given)}.{plain(family)}"
    user_name, number = f"{base}@{domain}", 1
    while user_name in taken:
        number += 1
        user_name = f"{base}{number}@{domain}"
    taken.add(user_name)
    return user_name


def _make_people(dice: random.Random, number: int, domain: str) -> list[Person]:
    people: list[Person] = []
    taken: set[str] = set()
    shares = [department.share for department in DEPARTMENTS]
    departments = list(DEPARTMENTS[: number - 1]) + dice.choices(DEPARTMENTS, shares, k=number)
    for index in range(number):
        given, family = dice.choice(GIVEN_NAMES), dice.choice(FAMILY_NAMES)
        user_name = _free_user_name(given, family, domain, taken)
        if index == 0:
            people.append(_person(dice, given, family, user_name, "Chief Executive Officer", "Executive Office", None))
            continue
        department = departments[index - 1]
        title, manager_id = _position(dice, department, people)
        people.append(_person(dice, given, family, user_name, title, department.name, manager_id))
    return people


def _position(dice: random.Random, department: Department, people: list[Person]) -> tuple[str, str]:
    """The title of the next person of a department, and the object id of who leads them."""
    colleagues = [person for person in people if person.department == department.name]
    if not colleagues:
        return department.head, people[0].object_id
    if len(colleagues) % PEOPLE_PER_LEAD == 1:
        return department.lead, colleagues[0].object_id
    leads = [person for person in colleagues if person.title == department.lead]
    return dice.choice(department.staff), leads[-1].object_id


def _person(
    dice: random.Random,
    given: str,
    family: str,
    user_name: str,
    title: str,
    department: str,
    manager_id: str | None,
) -> Person:
    place = dice.choice(PLACES)
    return Person(
        object_id=_object_id(dice),
        user_name=user_name,
        given_name=given,
        family_name=family,
        title=title,
        department=department,
        employee_number=f"{dice.randrange(1, 99999):05d}",
        place=place,
        mobile=f"+44 7700 900{dice.randrange(1000):03d}",
        office_phone=f"{place.phone_prefix}{dice.randrange(10000):04d}" if dice.random() < 0.6 else None,
        manager_id=manager_id,
    )


def _make_groups(dice: random.Random, people: list[Person], number: int) -> list[SecurityGroup]:
    assigned_directly = {person.object_id for index, person in enumerate(people) if index % 12 == 11}
    grouped = [person for person in people if person.object_id not in assigned_directly]
    managers = {person.manager_id for person in people}
    wanted = [
        (f"GK {department.name}", _ids(person for person in grouped if person.department == department.name))
        for department in DEPARTMENTS[:8]
    ]
    cross = (
        _ids(grouped),
        _ids(person for person in grouped if person.object_id in managers),
        _ids([*grouped[:1], *(p for p in grouped if p.department == "IT")][:4]),
        _ids(dice.sample(grouped, k=max(1, len(grouped) // 30))) if grouped else frozenset(),
    )
    wanted.extend(zip(CROSS_GROUPS, cross, strict=True))
    for index in range(max(0, number - len(wanted))):
        round_number, place = divmod(index, len(PROJECTS))
        name = f"GK Project {PROJECTS[place]}" + (f" {round_number + 1}" if round_number else "")
        wanted.append((name, _ids(dice.sample(grouped, k=min(len(grouped), dice.randrange(3, 16))))))
    return [
        SecurityGroup(object_id=_object_id(dice), display_name=name, members=members)
        for name, members in wanted[:number]
    ]


def _ids(people: Iterable[Person]) -> frozenset[str]:
    return frozenset(person.object_id for person in people)
