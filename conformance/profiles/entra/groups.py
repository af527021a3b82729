"""The seven tests of group provisioning, played by the simulated Entra client in both of Entra's request formats."""

from uuid import uuid4

from conformance.profiles.entra.profile import ENTRA, OVERVIEW, group, job
from conformance.suite.registry import Rule
from conformance.suite.trial import Trial
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.client_quirks import QUIRKS, WITHOUT_FLAG
from entra_client.run.provisioning import Job

TESTS = ENTRA.part(2)


@TESTS.test("Create_Group_Test", f"{OVERVIEW} #8; RFC 7644 §3.3")
def create_group(trial: Trial) -> None:
    """A group is created empty, with Entra's own schema beside the core one, and found by its name."""
    play, which = job(trial), group(trial)
    play.provision_group(which)
    _expect_found(trial, which.display_name)


@TESTS.test("Update_Group_Test", f"{OVERVIEW} #9; RFC 7644 §3.5.2")
def update_group(trial: Trial) -> None:
    """A group is renamed, in both formats; the former name finds nothing."""
    play, which = job(trial), group(trial)
    play.provision_group(which)
    for number, quirks in enumerate(QUIRKS):
        changes = {"displayName": f"{which.display_name} {number}"}
        play.patch_group(which, quirks.change_group(changes), changes)
        _expect_found(trial, changes["displayName"])
    trial.ask(requests.find_group(WITHOUT_FLAG, which.display_name), answer_checks.nothing_found)


@TESTS.test("Delete_Group_Test", f"{OVERVIEW} #10; RFC 7644 §3.6", rule=Rule.OPTIONAL)
def delete_group(trial: Trial) -> None:
    """A deleted group is found no more."""
    play, which = job(trial), group(trial)
    group_id = play.provision_group(which)["id"]
    trial.delete("Group", group_id)
    trial.ask(requests.read("Group", group_id), answer_checks.error(404))
    trial.ask(requests.find_group(WITHOUT_FLAG, which.display_name), answer_checks.nothing_found)


@TESTS.test("Group_Update_Add_Member_Test", f"{OVERVIEW} #11; RFC 7644 §3.5.2.1")
def add_member(trial: Trial) -> None:
    """Members are added, in both formats; adding one who is there already succeeds."""
    play, which = job(trial), group(trial)
    people, group_id = _people(trial, play, 2), play.provision_group(which)["id"]
    for index, quirks in enumerate(QUIRKS):
        play.quirks = quirks
        for _ in range(2):
            play.add_members(which, people[: index + 1])
        _expect_members(trial, play, group_id, people[: index + 1])


@TESTS.test("Group_Update_Remove_Member_Test", f"{OVERVIEW} #12; RFC 7644 §3.5.2.2")
def remove_member(trial: Trial) -> None:
    """Only who is named is removed, in both formats; removing who is absent succeeds."""
    play, which = job(trial), group(trial)
    people, group_id = _people(trial, play, 3), play.provision_group(which)["id"]
    play.add_members(which, people)
    for index, quirks in enumerate(QUIRKS):
        play.quirks = quirks
        for _ in range(2):
            play.remove_members(which, [people[index]])
        _expect_members(trial, play, group_id, people[index + 1 :])


@TESTS.test("POD_Group_Test", f"{OVERVIEW} #13; RFC 7644 §3.4.2")
def provision_on_demand(trial: Trial) -> None:
    """Match, creation and up to five members, and the same once more, which changes nothing."""
    play, which = job(trial), group(trial)
    people, first = _people(trial, play, 1), play.provision_group(which)
    play.add_members(which, people)
    again = play.provision_group(which)
    trial.expect(again["id"] == first["id"], "Another group is found when the same one is provisioned again")
    _expect_members(trial, play, first["id"], people)


@TESTS.test("Restore_Group_Test", f"{OVERVIEW} #14; RFC 7644 §3.6", rule=Rule.OPTIONAL)
def restore_group(trial: Trial) -> None:
    """A group that was unassigned, so deleted here, comes back under its name without its former members."""
    play, which = job(trial), group(trial)
    people, group_id = _people(trial, play, 1), play.provision_group(which)["id"]
    play.add_members(which, people)
    trial.delete("Group", group_id)
    again = play.provision_group(which)
    _expect_found(trial, which.display_name)
    _expect_members(trial, play, again["id"], [])


def _people(trial: Trial, play: Job, number: int) -> list[str]:
    """Object ids of users who are made for this test, in the order in which the client sends them."""
    ids = sorted(str(uuid4()) for _ in range(number))
    for object_id in ids:
        play.user_ids[object_id] = trial.create("User")["id"]
    return ids


def _expect_found(trial: Trial, display_name: str) -> None:
    check = answer_checks.match("Group", "displayName", display_name, without="members")
    if trial.ask(requests.find_group(WITHOUT_FLAG, display_name), check) is None:
        trial.fail("The group is not found by its displayName")


def _expect_members(trial: Trial, play: Job, group_id: str, people: list[str]) -> None:
    members = trial.ask(requests.read("Group", group_id), lambda answer: answer_checks.members_of(answer, group_id))
    wanted = {play.user_ids[one] for one in people}
    trial.expect(members == wanted, f"The group has the members {sorted(members)} instead of {sorted(wanted)}")
