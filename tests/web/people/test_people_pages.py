"""Profiles, lists of people, and a group's users."""

import re
from dataclasses import replace
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.log import ProvisioningRecord, record_provisioning
from gatekeeper.directory.identity_linking.sign_in import OTHER_PERSON, person_who_signs_in
from gatekeeper.directory.models import SignIn
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from saml.connections.lifecycle import create_connection
from saml.models import SignInAttempt
from tests.builders import (
    ADMIN,
    ENTRA,
    link,
    log_request,
    make_group,
    make_provider,
    make_user,
    make_users,
    remove_members,
)
from tests.web.pages import meant, queries_of, text_of


def page_of(admin_client: Client, user: object) -> str:
    return " ".join(text_of(admin_client.get(reverse("web:person", args=(user.pk,)))).split())  # type: ignore[attr-defined]


def test_the_page_shows_recent_requests_and_what_the_identity_provider_states(admin_client: Client) -> None:
    user = make_user(attributes={"name": {"givenName": "Ada"}, "phoneNumbers": [{"type": "work", "value": "1"}]})
    record_provisioning(
        ProvisioningRecord(request_id="r1", method="PATCH", path="/x", status=200, outcome="changed", user_id=user.id)
    )

    text = page_of(admin_client, user)

    assert ">Given name</dt>" in text
    assert ">Work phone</dt>" in text
    assert "change it in Entra" in text
    assert "PATCH" in text


def test_requests_that_changed_nothing_are_folded(admin_client: Client) -> None:
    user = make_user()
    for number, outcome in enumerate(("changed", "unchanged", "unchanged", "refused")):
        log_request(outcome, request_id=f"r{number}", user_id=user.id)

    card = page_of(admin_client, user).split('id="requests-heading"')[1].split("</section>")[0]
    shown, fold = card.split("<details")

    assert "2 requests that changed nothing" in fold
    assert [part.count("<td class") for part in (shown, fold)] == [2, 2]
    assert "Unchanged" not in shown
    assert "Refused" not in fold


def test_an_administrator_ends_somebodys_sessions(admin_client: Client) -> None:
    user = make_user()
    open_sign_in(user, actor=ADMIN)

    admin_client.post(reverse("web:end_sessions", args=(user.id,)))

    assert not SignIn.objects.live().filter(user=user).exists()


def test_signing_out_everywhere_ends_this_session_too(admin_client: Client) -> None:
    admin_client.post(reverse("web:end_own_sessions"))

    assert not SignIn.objects.live().exists()
    assert admin_client.get("/profile/").status_code == 302


def test_a_groups_users_lead_to_their_pages(admin_client: Client) -> None:
    user = make_user("ada@example.com", display_name="Ada Lovelace")
    group = make_group("GK Finance", [user, make_user("bo@example.com")])

    text = text_of(admin_client.get(reverse("web:group_users", args=(group.id,)), {"q": "lovelace"}))

    assert re.search(rf'<a href="/users/{user.id}/"[^>]*>Ada Lovelace</a>', text)
    assert "bo@example.com" not in text


def test_lists_of_people_cost_the_same_for_few_and_for_many(admin_client: Client) -> None:
    make_provider()
    group = make_group("GK Finance", make_users(2))
    link()
    addresses = ["/users/", reverse("web:group_users", args=(group.id,))]
    few = [queries_of(admin_client, address) for address in addresses]
    make_group("GK Other", make_users(20))
    link()
    many = [queries_of(admin_client, address) for address in addresses]

    assert many == few


def test_users_can_be_searched(admin_client: Client) -> None:
    make_user("ada@example.com", display_name="Ada Lovelace")
    make_user("bo@example.com")

    assert "bo@example.com" not in text_of(admin_client.get("/users/", {"q": "lovelace"}))


def test_users_are_found_by_their_state(admin_client: Client) -> None:
    make_provider()
    make_user("ada@example.com", work_email=None)
    make_user("bo@example.com", active=False)
    delete_user(make_user("cy@example.com").id, actor=ENTRA)

    def listed(state: str) -> set[str]:
        text = text_of(admin_client.get("/users/", {"readiness": state}))
        return {name for name in ("ada", "bo", "cy", "root") if f">{name}@example.com</a>" in text}

    assert listed("no_work_email") == {"ada"}
    assert listed("deactivated") == {"bo"}
    assert listed("deleted") == {"cy"}
    assert listed("can_sign_in") == {"root"}
    assert listed("") == {"ada", "bo", "root"}
    assert listed("nonsense") == set()


def test_how_many_are_in_which_state_leads_to_them(admin_client: Client) -> None:
    make_provider()
    make_users(3)

    text = " ".join(text_of(admin_client.get("/users/")).split())

    assert re.search(r'href="\?readiness=awaiting_saml_sync".*?Awaiting the sync.*?bar-count">3<', text)
    assert re.search(r'href="\?readiness=can_sign_in".*?bar-count">1<', text)
    assert "readiness=deleted" not in text
    assert "bar-count" not in text_of(admin_client.get("/users/", {"q": "somebody"}))


def test_where_many_are_known_their_states_are_counted_when_that_is_asked_for(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatekeeper.directory.access.people_pages.NEAR", 2)
    make_users(3)

    at_once, counted = (text_of(admin_client.get(f"/users/{query}")) for query in ("", "?counted=1"))

    assert 'href="?counted=1"' in at_once
    assert "bar-count" not in at_once
    assert "bar-count" in counted


@pytest.mark.parametrize("near", [3, 1000])
@pytest.mark.parametrize("state", ["", "no_saml_connection", "can_sign_in", "deactivated", "no_group_access"])
def test_pages_of_people_have_everybody_once_in_both_directions(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, state: str, near: int
) -> None:
    monkeypatch.setattr("gatekeeper.directory.access.people_pages.NEAR", near)
    monkeypatch.setattr("gatekeeper.web.people.people_list.People.list_per_page", 2)
    for number, user in enumerate(make_users(14)):
        if number % 3 == 0:
            edit_user(user.id, lambda record: replace(record, active=False), actor=ENTRA)
        elif number % 5 == 0:
            remove_members(make_group(f"GK {number}", [user]), user)

    def turned(direction: str, start: str) -> list[str]:
        names, query = list[str](), start
        while query is not None:
            text = text_of(admin_client.get(f"/users/?readiness={state}&{query}"))
            page = re.findall(r'<th scope="row">\s*<a href="/users/[^"]*"[^>]*>([^<]*)<', text)
            # Before the second page stands a whole first one, whatever the last ones held.
            new = [name for name in page if direction == "after" or name not in names]
            names = names + new if direction == "after" else new + names
            following = re.search(rf'href="[^"]*[?&]{direction}=([0-9a-f-]+)', text)
            assert following is None or query != f"{direction}={following[1]}"
            query = f"{direction}={following[1]}" if following else None  # type: ignore[assignment]
        return names

    forwards = turned("after", "")

    assert forwards == sorted(set(forwards))
    assert turned("before", "last=1") == forwards
    assert len(forwards) == {"": 15, "can_sign_in": 1, "deactivated": 5, "no_group_access": 2}.get(state, 7)


@pytest.mark.parametrize(
    ("searched", "found"),
    [
        ("lovelace", True),
        ("LOVE", True),
        ("ada@corp", True),
        ("ada@example", True),
        ("Ada Lovelace", True),
        ("bo", False),
    ],
)
def test_users_are_found_by_a_part_of_each_name(admin_client: Client, searched: str, found: bool) -> None:
    user = make_user("ada@example.com", display_name="Ada Lovelace", work_email="ada@corp.example")
    make_user("nobody@example.com", display_name=None, work_email=None)
    group = make_group("GK Finance", [user])

    for address in ("/users/", reverse("web:group_users", args=(group.id,))):
        assert (">Ada Lovelace</a>" in text_of(admin_client.get(address, {"q": searched}))) is found, address
    assert ">nobody@example.com</a>" in text_of(admin_client.get("/users/", {"q": "NOBODY"}))


def test_an_administrator_confirms_a_recycled_address_where_another_account_was_refused(
    admin_client: Client, metadata: bytes
) -> None:
    connection = create_connection("Contoso", actor=ADMIN, document=metadata)
    user = make_user("ada@example.com")
    link()
    person_who_signs_in(connection.id, "ada@example.com", "object-1")
    assert "Another account was refused" not in page_of(admin_client, user)
    SignInAttempt.objects.create(accepted=False, failed_check=OTHER_PERSON, user=user, connection=connection)
    assert "Another account was refused" in page_of(admin_client, user)

    meant(admin_client, reverse("web:confirm_address", args=(user.pk,)))

    assert person_who_signs_in(connection.id, "ada@example.com", "object-2") == user
    assert "Another account was refused" not in page_of(admin_client, user)
    assert admin_client.post(reverse("web:confirm_address", args=(uuid4(),))).status_code == 404
