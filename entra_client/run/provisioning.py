"""The provisioning job: matches people and groups with what the server has, and writes the differences.

Users first, then groups, then what refers to others: memberships and managers. The id of a match is kept as the link.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from entra_client.directory.attribute_mapping import MANAGER, differences, target_values, value_at
from entra_client.directory.company import Company, Person, SecurityGroup
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.answer_checks import Resource, WrongAnswer
from entra_client.protocol.client_quirks import EntraQuirks
from entra_client.protocol.transport import Answer
from entra_client.run.conversation import Conversation, Escrowed

MEMBERS_PER_REQUEST = 100
WRONG_KEY = "gk_this-key-was-never-generated"


class Job:
    """One job of one enterprise application. ``quirks`` may change between cycles; the links stay."""

    def __init__(self, talk: Conversation, company: Company, quirks: EntraQuirks) -> None:
        self.talk = talk
        self.company = company
        self.quirks = quirks
        self.connected = False
        self.user_ids: dict[str, str] = {}  # object id → SCIM id
        self.group_ids: dict[str, str] = {}

    def connect(self) -> None:
        """Test Connection: ask for somebody who does not exist, then with a wrong key. Raises Escrowed."""
        self.talk.ask(requests.find_user(self.quirks, str(uuid4())), answer_checks.nothing_found)
        self.talk.ask(requests.find_group(self.quirks, str(uuid4())), answer_checks.nothing_found)
        probe = requests.find_user(self.quirks, str(uuid4()))
        self.talk.ask(probe, answer_checks.error(401), api_key=WRONG_KEY)
        self.connected = True

    def full_cycle(self, label: str) -> None:
        """An initial cycle, or the one after a restart: everything is matched, created or brought up to date."""
        managers: dict[str, Any] = {}
        with self.talk.step(f"{label}: users"):
            for person in self.company.people:
                with self.talk.one_object():
                    user = self.provision(person)
                    managers[person.object_id] = manager_of(user)
        with self.talk.step(f"{label}: groups"):
            for group in self.company.groups:
                with self.talk.one_object():
                    self.provision_group(group)
        with self.talk.step(f"{label}: memberships"):
            for group in self.company.groups:
                with self.talk.one_object():
                    self.add_members(group, group.members)
        with self.talk.step(f"{label}: managers"):
            for person in self.company.people:
                with self.talk.one_object():
                    self._bring_manager(person, managers.get(person.object_id))

    def restart_without_changes(self) -> None:
        """Restart when nothing changed: everything is read, nothing may have to be written.

        A value that does not come back as it was sent would be written again in every cycle, for ever.
        """
        with self.talk.step("restart: users are as they were sent"):
            for person in self.company.people:
                with self.talk.one_object():
                    self.talk.ask(requests.find_user(self.quirks, person.user_name), self._is_up_to_date(person))
        with self.talk.step("restart: groups and their members"):
            for group in self.company.groups:
                with self.talk.one_object():
                    self._check_group(group)

    def provision(self, person: Person) -> Resource:
        """Match a person by user name and return the user as it is then. Raises Escrowed."""
        user = self.talk.ask(
            requests.find_user(self.quirks, person.user_name), answer_checks.match("User", "userName", person.user_name)
        )
        if user is None:
            body = self.quirks.new_user(person)
            user = self.talk.ask(requests.create("User", body), answer_checks.created("User", body))
            self.user_ids[person.object_id] = user["id"]
            return user
        self.user_ids[person.object_id] = user["id"]
        return self._write_differences(person, user)

    def update(self, person: Person) -> Resource:
        """Bring a linked person up to date: read by id, compare, write the differences. Raises Escrowed."""
        user_id = self.link(self.user_ids, person.object_id)
        user = self.talk.ask(requests.read("User", user_id), answer_checks.found("User", user_id))
        return self._write_differences(person, user)

    def provision_group(self, group: SecurityGroup) -> Resource:
        """Match a group by its name; create it, empty, when it is not there. Raises Escrowed."""
        found = self.talk.ask(
            requests.find_group(self.quirks, group.display_name),
            answer_checks.match("Group", "displayName", group.display_name, without="members"),
        )
        if found is None:
            body = self.quirks.new_group(group)
            found = self.talk.ask(requests.create("Group", body), answer_checks.created("Group", body))
        self.group_ids[group.object_id] = found["id"]
        wanted = {"displayName": group.display_name, "externalId": group.object_id}
        changes = {path: value for path, value in wanted.items() if found.get(path) != value}
        if changes:
            self.patch_group(group, self.quirks.change_group(changes), changes)
        return found

    def add_members(self, group: SecurityGroup, members: Collection[str]) -> None:
        """Put people into a group without asking who is in it: they may be already. Raises Escrowed."""
        for ids in self._batches(members):
            self.patch_group(group, self.quirks.add_members(ids))

    def remove_members(self, group: SecurityGroup, members: Collection[str]) -> None:
        """Take people out of a group without asking who is in it. Raises Escrowed."""
        for ids in self._batches(members):
            self.patch_group(group, self.quirks.remove_members(ids))

    def patch_group(self, group: SecurityGroup, body: dict[str, Any], values: Mapping[str, Any] | None = None) -> None:
        """Send a PATCH about a linked group. Raises Escrowed, also for a group without a link."""
        group_id = self.link(self.group_ids, group.object_id)
        self.talk.ask(requests.change("Group", group_id, body), answer_checks.patched("Group", group_id, values or {}))

    def patch_user(self, person: Person, body: dict[str, Any], values: Mapping[str, Any]) -> Resource:
        """Send a PATCH about a linked user and return the user; ``values`` must be there then. Raises Escrowed."""
        user_id = self.link(self.user_ids, person.object_id)
        user = self.talk.ask(requests.change("User", user_id, body), answer_checks.patched("User", user_id, values))
        if user is None:  # a 204 says nothing, so look
            user = self.talk.ask(requests.read("User", user_id), answer_checks.found_with("User", user_id, values))
        return user

    def set_manager(self, person: Person, manager_id: str) -> None:
        """Write the manager (an object id) of a linked user; skipped when they are not linked. Raises Escrowed."""
        scim_id = self.user_ids.get(manager_id)
        if scim_id is not None and person.object_id in self.user_ids:
            self.patch_user(person, self.quirks.set_manager(scim_id), {f"{MANAGER}.value": scim_id})

    def link(self, ids: Mapping[str, str], object_id: str) -> str:
        """The SCIM id that was matched or created. Raises Escrowed for who failed before: that is counted there."""
        if object_id not in ids:
            raise Escrowed
        return ids[object_id]

    def _write_differences(self, person: Person, user: Resource) -> Resource:
        changes = differences(person, user)
        active = None if user.get("active") is person.enabled else person.enabled
        if not changes and active is None:
            return user
        wanted: dict[str, Any] = dict(changes) if active is None else {**changes, "active": active}
        return self.patch_user(person, self.quirks.change_user(changes, active=active), wanted)

    def _bring_manager(self, person: Person, current: Any) -> None:
        if person.manager_id is None or self.user_ids.get(person.manager_id) == current:
            return
        self.set_manager(person, person.manager_id)

    def _is_up_to_date(self, person: Person) -> answer_checks.Check[None]:
        read = answer_checks.match("User", "userName", person.user_name)

        def check(answer: Answer) -> None:
            user = read(answer)
            if user is None:
                raise WrongAnswer("does not find somebody who was provisioned")
            for path in differences(person, user):
                sent = target_values(person)[path]
                raise WrongAnswer(
                    f"has {value_at(user, path)!r} at {path}, so that Entra sends {sent!r} in every cycle"
                )
            if user.get("active") is not person.enabled:
                raise WrongAnswer(f"has active {user.get('active')!r}, so that Entra writes it in every cycle")
            manager = self.user_ids.get(person.manager_id or "")
            if manager is not None and manager_of(user) != manager:
                raise WrongAnswer(f"has the manager {manager_of(user)!r} where {manager!r} was written")

        return check

    def _check_group(self, group: SecurityGroup) -> None:
        found = self.provision_group(group)
        self.talk.ask(
            requests.read("Group", found["id"], without_members=True),
            answer_checks.found("Group", found["id"], without="members"),
        )
        everybody = set(self.user_ids.values())
        wanted = {self.user_ids[one] for one in group.members if one in self.user_ids}

        def members_are_right(answer: Answer) -> None:
            members = answer_checks.members_of(answer, found["id"])
            if members & everybody != wanted:
                missing, extra = len(wanted - members), len((members & everybody) - wanted)
                raise WrongAnswer(f"has {missing} members too few and {extra} too many")

        self.talk.ask(requests.read("Group", found["id"]), members_are_right)

    def _batches(self, members: Collection[str]) -> Iterator[Sequence[str]]:
        """The SCIM ids of the linked people, in an order that is the same in each run, as many as fit a request."""
        ids = [self.user_ids[one] for one in sorted(members, key=UUID) if one in self.user_ids]
        for start in range(0, len(ids), MEMBERS_PER_REQUEST):
            yield ids[start : start + MEMBERS_PER_REQUEST]


def manager_of(user: Mapping[str, Any]) -> Any:
    """The SCIM id of a user's manager; None without one."""
    manager = value_at(user, MANAGER)
    return manager.get("value") if isinstance(manager, Mapping) else manager
