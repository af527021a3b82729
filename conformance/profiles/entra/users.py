"""The seven tests of user provisioning, played by the simulated Entra client in both of Entra's request formats."""

from dataclasses import replace

from conformance.profiles.entra.profile import ENTRA, OVERVIEW, job, person
from conformance.suite.registry import Rule
from conformance.suite.trial import Trial
from entra_client.directory.attribute_mapping import MANAGER
from entra_client.directory.company import Person
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.client_quirks import QUIRKS, WITHOUT_FLAG
from entra_client.run.provisioning import Job, manager_of

TESTS = ENTRA.part(1)


@TESTS.test("Create_User_Test", f"{OVERVIEW} #1; RFC 7644 §3.3")
def create_user(trial: Trial) -> None:
    """A new user is created with everything that the mapping has, and found by its userName afterwards."""
    play, who = job(trial), person(trial)
    play.provision(who)
    _expect_found(trial, who)


@TESTS.test("Update_User_Test", f"{OVERVIEW} #2; RFC 7644 §3.5.2")
def update_user(trial: Trial) -> None:
    """Changed attributes arrive, in the format without the flag aadOptscim062020 and with it."""
    play, who = job(trial), person(trial)
    user = play.provision(who)
    for quirks in QUIRKS:
        play.quirks = quirks
        who = replace(
            who, title=f"Lead {quirks.name}", department="Procurement", family_name="Obi-Lee", mobile=f"{who.mobile}1"
        )
        play.update(who)
    trial.read_with("User", user["id"], {"title": who.title, "name.familyName": "Obi-Lee"})


@TESTS.test("Disable_User_Test", f"{OVERVIEW} #3; RFC 7643 §4.1.1 (active)")
def disable_user(trial: Trial) -> None:
    """``active`` becomes false, as the text "False" and as a boolean, and the user can still be found."""
    play, who = job(trial), person(trial)
    user_id = play.provision(who)["id"]
    for quirks in QUIRKS:
        play.quirks = quirks
        play.update(replace(who, enabled=False))
        trial.read_with("User", user_id, {"active": False})
        found = _expect_found(trial, who)
        trial.expect(
            found.get("active") is False, "The filter finds the disabled user with another state than inactive"
        )
        play.update(who)


@TESTS.test("Delete_User_Test", f"{OVERVIEW} #4; RFC 7644 §3.6", rule=Rule.OPTIONAL)
def delete_user(trial: Trial) -> None:
    """A user who is deleted at the source: first disabled under another name, then deleted and found no more."""
    play, who = job(trial), person(trial)
    user_id = play.provision(who)["id"]
    gone = replace(who, enabled=False, user_name=f"{who.object_id.replace('-', '')}{who.user_name}")
    play.update(gone)
    trial.delete("User", user_id)
    trial.ask(requests.read("User", user_id), answer_checks.error(404))
    trial.ask(requests.find_user(WITHOUT_FLAG, gone.user_name), answer_checks.nothing_found)


@TESTS.test("User_Update_Manager_Test", f"{OVERVIEW} #5; RFC 7643 §4.3 (manager)")
def update_manager(trial: Trial) -> None:
    """A manager is set, changed and removed."""
    play, who = job(trial), person(trial, enabled=False)
    bosses = [person(trial, number, enabled=False) for number in (1, 2)]
    user_id = play.provision(who)["id"]
    for boss in bosses:
        play.provision(boss)
    for quirks in QUIRKS:
        play.quirks = quirks
        for boss in bosses:
            play.set_manager(who, boss.object_id)
            trial.read_with("User", user_id, {f"{MANAGER}.value": play.user_ids[boss.object_id]})
        play.patch_user(who, quirks.remove_manager(), {})
        trial.expect(not manager_of(trial.read("User", user_id)), "The user has a manager after that was removed")


@TESTS.test("Restore_User_Test", f"{OVERVIEW} #6; RFC 7643 §4.1.1 (active)")
def restore_user(trial: Trial) -> None:
    """Who is unassigned becomes inactive; who is assigned again is the same user, active."""
    play, who = job(trial), person(trial)
    user_id = play.provision(who)["id"]
    play.update(replace(who, enabled=False))
    trial.read_with("User", user_id, {"active": False})
    restored = play.provision(who)
    trial.expect(restored["id"] == user_id, "Another user is found for who was assigned again")
    trial.read_with("User", user_id, {"active": True})


@TESTS.test("POD_User_Test", f"{OVERVIEW} #7; RFC 7644 §3.4.2")
def provision_on_demand(trial: Trial) -> None:
    """Connection test, match, creation, and the same once more, which changes nothing."""
    play, who = job(trial), person(trial, enabled=False)
    trial.ask(requests.find_user(WITHOUT_FLAG, trial.name()), answer_checks.nothing_found)
    user = play.provision(who)
    _expect_unchanged(trial, play, who, user["id"])


def _expect_found(trial: Trial, who: Person) -> answer_checks.Resource:
    check = answer_checks.match("User", "userName", who.user_name)
    found = trial.ask(requests.find_user(WITHOUT_FLAG, who.user_name), check)
    if found is None:
        trial.fail("The user is not found by its userName")
    return found


def _expect_unchanged(trial: Trial, play: Job, who: Person, user_id: str) -> None:
    again = play.provision(who)
    trial.expect(again["id"] == user_id, "Another user is found when the same person is provisioned again")
