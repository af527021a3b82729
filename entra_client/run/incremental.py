"""Incremental cycles: what changes at the source during a day, and what Entra sends for it.

A cycle leaves the company as it was, so that the next run on the same server finds what it expects.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from entra_client.directory.attribute_mapping import value_at
from entra_client.directory.company import Person, SecurityGroup, make_group, make_joiner
from entra_client.directory.names import PLACES
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.answer_checks import WrongAnswer
from entra_client.protocol.client_quirks import QUIRKS, WITHOUT_FLAG
from entra_client.protocol.transport import Answer
from entra_client.run.provisioning import Job, manager_of

T = TypeVar("T")


def play_cycle(job: Job, number: int) -> None:
    """Play one incremental cycle; odd numbers speak without the flag, even ones with it."""
    job.quirks = QUIRKS[(number - 1) % len(QUIRKS)]
    steps: tuple[tuple[str, Callable[[Job, int], None]], ...] = (
        ("people change their titles and offices", _change_attributes),
        ("a new family name, and back", _rename_somebody),
        ("somebody is disabled and enabled again", _disable_and_enable),
        ("people leave groups and return", _change_memberships),
        ("managers change", _change_managers),
        ("somebody joins and leaves", _join_and_leave),
        ("a group comes, is renamed and goes", _group_comes_and_goes),
        ("provision on demand", _on_demand),
    )
    for name, play in steps:
        with job.talk.step(f"cycle {number} ({job.quirks.name}): {name}"):
            play(job, number)


def _change_attributes(job: Job, number: int) -> None:
    """A promotion and a move for every twentieth person, then everything as it was."""
    people = job.company.people
    for person in _some(people, number, max(1, len(people) // 20)):
        with job.talk.one_object():
            place = PLACES[(PLACES.index(person.place) + 1) % len(PLACES)]
            job.update(replace(person, title=f"Acting {person.title}", place=place, mobile=f"{person.mobile}9"))
            job.update(person)


def _rename_somebody(job: Job, number: int) -> None:
    person = _some(job.company.people, number, 1)[0]
    family = f"{person.family_name}-Lindqvist"
    user_name = person.user_name.replace("@", "-lindqvist@")
    job.update(replace(person, family_name=family, user_name=user_name))
    job.talk.ask(requests.find_user(job.quirks, user_name.upper()), answer_checks.match("User", "userName", user_name))
    job.talk.ask(requests.find_user(job.quirks, person.user_name), answer_checks.nothing_found)
    job.update(person)


def _disable_and_enable(job: Job, number: int) -> None:
    """The memberships are not sent again: the server has kept them."""
    person = _some(job.company.people, number + 1, 1)[0]
    user_id = job.link(job.user_ids, person.object_id)
    job.update(replace(person, enabled=False))
    inactive = {"active": False}
    job.talk.ask(requests.read("User", user_id), answer_checks.found_with("User", user_id, inactive))
    job.talk.ask(requests.find_user(job.quirks, person.user_name), _inactive_user(person))
    job.update(person)
    for group in job.company.groups_of(person.object_id)[:2]:
        _expect_membership(job, group, person, member=True)


def _change_memberships(job: Job, number: int) -> None:
    """Out of the group, out again although absent, in again, and in although a member already."""
    for group in _some(job.company.groups, number, 3):
        with job.talk.one_object():
            leaving = sorted(group.members)[:3]
            if not leaving:
                continue
            person = next(one for one in job.company.people if one.object_id == leaving[0])
            for _ in range(2):
                job.remove_members(group, leaving)
            _expect_membership(job, group, person, member=False)
            for _ in range(2):
                job.add_members(group, leaving)
            _expect_membership(job, group, person, member=True)


def _change_managers(job: Job, number: int) -> None:
    """Another manager, none, and the right one again."""
    boss = job.company.people[0]
    for person in _some(job.company.people[1:], number, 3):
        with job.talk.one_object():
            job.set_manager(person, boss.object_id)
            user_id, boss_id = job.user_ids[person.object_id], job.link(job.user_ids, boss.object_id)
            job.talk.ask(requests.has_manager(job.quirks, user_id, boss_id), _is_only(user_id))
            job.patch_user(person, job.quirks.remove_manager(), {})
            job.talk.ask(requests.read("User", user_id), _has_no_manager(user_id))
            if person.manager_id is not None:
                job.set_manager(person, person.manager_id)


def _join_and_leave(job: Job, number: int) -> None:
    """A joiner gets a group, a manager and an app role; is deleted softly, restored, and deleted for good."""
    person = make_joiner(job.company, number)
    user_id = job.provision(person)["id"]
    duplicate = requests.create("User", job.quirks.new_user(person))
    job.talk.ask(duplicate, answer_checks.error(409, scim_type="uniqueness"))
    for group in job.company.groups[:1]:
        job.add_members(group, [person.object_id])
        _expect_membership(job, group, person, member=True)
    job.set_manager(person, job.company.people[0].object_id)
    job.patch_user(person, job.quirks.give_role("editor"), {})
    job.talk.ask(requests.read("User", user_id), _has_role(user_id, "editor"))
    # A soft delete puts the object id before the name, in the same PATCH that deactivates; restoring takes it away.
    tombstone = replace(person, enabled=False, user_name=f"{person.object_id.replace('-', '')}{person.user_name}")
    for state in (tombstone, person, tombstone):
        job.update(state)
    job.talk.ask(requests.delete("User", user_id), answer_checks.no_content)
    job.talk.ask(requests.read("User", user_id), answer_checks.error(404))
    job.talk.ask(requests.find_user(job.quirks, tombstone.user_name), answer_checks.nothing_found)
    job.talk.ask(requests.delete("User", user_id), answer_checks.error(404))
    del job.user_ids[person.object_id]


def _group_comes_and_goes(job: Job, number: int) -> None:
    group = make_group(job.company, number)
    group_id = job.provision_group(group)["id"]
    duplicate = requests.create("Group", job.quirks.new_group(group))
    job.talk.ask(duplicate, answer_checks.error(409, scim_type="uniqueness"))
    members = [person.object_id for person in job.company.people[:25] if person.object_id in job.user_ids]
    job.add_members(group, members)
    changes = {"displayName": f"{group.display_name} (renamed)"}
    job.patch_group(group, job.quirks.change_group(changes), changes)
    job.talk.ask(
        requests.read("Group", group_id, without_members=True),
        answer_checks.found("Group", group_id, without="members"),
    )
    job.talk.ask(requests.read("Group", group_id), _has_members(group_id, len(members)))
    job.remove_members(group, members[:2])
    job.talk.ask(requests.read("Group", group_id), _has_members(group_id, len(members[2:])))
    job.talk.ask(requests.delete("Group", group_id), answer_checks.no_content)
    job.talk.ask(requests.read("Group", group_id), answer_checks.error(404))
    job.talk.ask(requests.delete("Group", group_id), answer_checks.error(404))
    del job.group_ids[group.object_id]


def _on_demand(job: Job, number: int) -> None:
    """The flag has no effect on demand: requests without it arrive in the middle of a flagged cycle."""
    usual, job.quirks = job.quirks, WITHOUT_FLAG
    try:
        job.connect()
        person = _some(job.company.people, number + 2, 1)[0]
        job.provision(replace(person, title=f"Interim {person.title}"))
        job.provision(person)
    finally:
        job.quirks = usual


def _some(things: tuple[T, ...], number: int, count: int) -> list[T]:
    """Some of the things, others in each cycle; at least one unless there is none, never one twice."""
    count = min(count, len(things))
    spread = max(1, len(things) // max(count, 1))
    return [things[(number * 7 + index * spread) % len(things)] for index in range(count)]


def _expect_membership(job: Job, group: SecurityGroup, person: Person, *, member: bool) -> None:
    group_id = job.link(job.group_ids, group.object_id)
    user_id = job.link(job.user_ids, person.object_id)

    def check(answer: Answer) -> None:
        total = answer_checks.listing(answer)["totalResults"]
        if total != int(member):
            raise WrongAnswer(f"found {total} where {int(member)} was expected")

    job.talk.ask(requests.is_member(job.quirks, group_id, user_id), check)


def _is_only(user_id: str) -> answer_checks.Check[None]:
    def check(answer: Answer) -> None:
        ids = [resource.get("id") for resource in answer_checks.listing(answer)["Resources"]]
        if ids != [user_id]:
            raise WrongAnswer(f"found {ids} where only {user_id} matches")

    return check


def _inactive_user(person: Person) -> answer_checks.Check[None]:
    """A deactivated user is still found, and says that it is inactive."""

    def check(answer: Answer) -> None:
        user = answer_checks.match("User", "userName", person.user_name)(answer)
        if user is None or user.get("active") is not False:
            raise WrongAnswer("does not find the deactivated user with active false")

    return check


def _has_no_manager(user_id: str) -> answer_checks.Check[None]:
    def check(answer: Answer) -> None:
        manager = manager_of(answer_checks.found("User", user_id)(answer))
        if manager is not None:
            raise WrongAnswer(f"has the manager {manager!r} after that was removed")

    return check


def _has_role(user_id: str, role: str) -> answer_checks.Check[None]:
    def check(answer: Answer) -> None:
        roles = value_at(answer_checks.found("User", user_id)(answer), "roles")
        values = [item.get("value") for item in roles if isinstance(item, dict)] if isinstance(roles, list) else []
        if role not in values:
            raise WrongAnswer(f"has the roles {values} without {role!r}, which was written")

    return check


def _has_members(group_id: str, number: int) -> answer_checks.Check[None]:
    def check(answer: Answer) -> None:
        members = answer_checks.members_of(answer, group_id)
        if len(members) != number:
            raise WrongAnswer(f"has {len(members)} members where {number} were expected")

    return check
