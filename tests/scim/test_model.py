"""Random sequences of operations against the server and a small model of it: both always say the same."""

from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule, run_state_machine_as_test

MANY = max(settings.default.max_examples // 10, 4)  # sequences of 20 operations
TITLES = st.sampled_from(["Head", "head", "Clerk", ""])


class Directory(RuleBasedStateMachine):
    """The model: users as dictionaries, groups as sets of their ids."""

    scim: Any = None
    users = Bundle("users")
    groups = Bundle("groups")

    def __init__(self) -> None:
        super().__init__()
        self.mark = uuid4().hex
        self.people: dict[str, dict[str, Any]] = {}
        self.members: dict[str, set[str]] = {}

    def patch(self, path: str, *operations: dict[str, Any], status: int) -> Any:
        answer = self.scim.patch(path, *operations)
        assert answer.status_code == status, answer.content
        return answer

    @rule(target=users, title=TITLES)
    def create(self, title: str) -> str:
        user = self.scim.user(f"{uuid4()}-{self.mark}", title=title)
        self.people[user["id"]] = {"title": title or None, "active": True, "name": user["userName"]}
        return str(user["id"])

    @rule(target=groups)
    def create_group(self) -> str:
        group = self.scim.group(f"GK {uuid4()} {self.mark}")
        self.members[group["id"]] = set()
        return str(group["id"])

    @rule(user=users, title=TITLES)
    def retitle(self, user: str, title: str) -> None:
        self.patch(f"/Users/{user}", {"op": "Replace", "path": "title", "value": title}, status=200)
        self.people[user]["title"] = title or None

    @rule(user=users, active=st.booleans())
    def activate(self, user: str, active: bool) -> None:
        self.patch(f"/Users/{user}", {"op": "replace", "value": {"active": str(active)}}, status=200)
        self.people[user]["active"] = active

    @rule(user=users)
    def put(self, user: str) -> None:
        assert self.scim.put(f"/Users/{user}", {"userName": self.people[user]["name"]}).status_code == 200
        self.people[user]["title"] = None

    @rule(user=users)
    def create_again(self, user: str) -> None:
        person = self.people[user]
        answer = self.scim.post("/Users", {"userName": person["name"].upper(), "title": "Again"})
        assert answer.status_code == (409 if person["active"] else 201)
        if not person["active"]:
            assert answer.json()["id"] == user
            self.people[user] = {"title": "Again", "active": True, "name": person["name"].upper()}

    @rule(user=consumes(users))
    def delete(self, user: str) -> None:
        assert self.scim.delete(f"/Users/{user}").status_code == 204
        assert self.scim.delete(f"/Users/{user}").status_code == 404
        del self.people[user]
        for ids in self.members.values():
            ids.discard(user)

    @rule(group=groups, some=st.lists(users, max_size=3), how=st.sampled_from(["add", "remove", "replace"]))
    def change_members(self, group: str, some: list[str], how: str) -> None:
        living = [user for user in some if user in self.people]
        value = [{"value": user} for user in living]
        self.patch(f"/Groups/{group}", {"op": how, "path": "members", "value": value}, status=204)
        ids = self.members[group]
        self.members[group] = {"add": ids | {*living}, "remove": ids - {*living}, "replace": {*living}}[how]

    @rule(group=groups, user=users)
    def take_out(self, group: str, user: str) -> None:
        self.patch(f"/Groups/{group}", {"op": "Remove", "path": f'members[value eq "{user}"]'}, status=204)
        self.members[group].discard(user)

    @rule(group=consumes(groups))
    def delete_group(self, group: str) -> None:
        assert self.scim.delete(f"/Groups/{group}").status_code == 204
        del self.members[group]

    def found(self, path: str, expression: str) -> set[str]:
        answer = self.scim.find(
            path, f'{expression} and {"userName" if path == "/Users" else "displayName"} co "{self.mark}"'
        )
        return {each["id"] for each in answer.json()["Resources"]}

    @invariant()
    def filters_agree(self) -> None:
        heads = {user for user, person in self.people.items() if (person["title"] or "").lower() == "head"}
        assert self.found("/Users", 'title eq "HEAD"') == heads
        assert self.found("/Users", "active eq true") == {u for u, person in self.people.items() if person["active"]}
        in_groups = set().union(*self.members.values())
        assert self.found("/Users", "groups pr") == in_groups
        assert self.found("/Groups", "members pr") == {group for group, ids in self.members.items() if ids}

    @invariant()
    def groups_agree(self) -> None:
        for group, ids in self.members.items():
            assert self.scim.members(group) == ids


def test_the_server_and_a_small_model_of_it_never_disagree(scim):
    class Run(Directory):
        pass

    Run.scim = scim
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Run, settings=settings(max_examples=MANY, stateful_step_count=20, deadline=None, suppress_health_check=checks)
    )
