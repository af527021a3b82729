"""Entries lead to the person, group and key that they name: where there is a page, and the reader may open it."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.groups.idp_groups import delete_group
from saml.models import SignInAttempt
from scim.credentials.api_keys import generate_key
from scim.credentials.oauth_clients import create_client_with_secret
from scim.models import TokenRequest
from tests.builders import ADMIN, log_request, make_group, make_team, make_user
from tests.web.pages import text_of


@dataclass(frozen=True)
class Named:
    """Where entries are listed that name something, and the address of its page."""

    listed: str
    address: str


def a_person_of_a_request() -> Named:
    ada = make_user("ada@example.com")
    log_request(user_id=ada.id, user_label="Ada")
    return Named("/provisioning-log/", f"/users/{ada.id}/")


def a_group_of_a_request() -> Named:
    group = make_group("GK Finance", [])
    log_request(group_id=group.id, group_label="GK Finance")
    return Named("/provisioning-log/", reverse("web:group_users", args=(group.id,)))


def a_key_of_a_request() -> Named:
    key, _ = generate_key("Entra", actor=ADMIN)
    log_request(key_id=str(key.id), key_name="Entra")
    return Named("/provisioning-log/", f"/settings/configuration/scim/credentials/{key.id}/")


def a_person_of_a_sign_in() -> Named:
    ada = make_user("ada@example.com")
    SignInAttempt.objects.create(accepted=True, user=ada)
    return Named("/sign-in-attempts/", f"/users/{ada.id}/")


def a_client_of_a_token_request() -> Named:
    client = create_client_with_secret("Entra", actor=ADMIN)[0]
    TokenRequest.objects.create(accepted=True, client=client)
    return Named("/token-log/", f"/settings/configuration/scim/credentials/{client.pk}/")


def the_object_of_a_change() -> Named:
    return Named("/audit-trail/", f"/settings/configuration/teams/{make_team('Finance').id}/")


def the_actor_of_a_change() -> Named:
    key, _ = generate_key("Entra", actor=ADMIN)
    by = Actor.scim_key(key.id, "Entra")
    record(Event.USER_CREATED, actor=by, kind="user", object_id=uuid4(), label="Gone")
    return Named("/audit-trail/", f"/settings/configuration/scim/credentials/{key.id}/")


EACH = pytest.mark.parametrize(
    "make",
    [
        a_person_of_a_request,
        a_group_of_a_request,
        a_key_of_a_request,
        a_person_of_a_sign_in,
        a_client_of_a_token_request,
        the_object_of_a_change,
        the_actor_of_a_change,
    ],
    ids=lambda make: make.__name__,
)


@EACH
def test_list_and_entry_lead_to_what_they_name(admin_client: Client, make: Callable[[], Named]) -> None:
    named = make()

    answer = admin_client.get(named.listed)
    entry = next(each for each in answer.context_data["cl"].result_list if named.address in each.links.values())  # type: ignore[attr-defined]

    assert f'href="{named.address}"' in text_of(answer)
    assert f'href="{named.address}"' in text_of(admin_client.get(f"{named.listed}{entry.pk}/"))
    assert admin_client.get(named.address).status_code == 200


@EACH
def test_who_may_not_open_the_page_gets_no_link(person_with: Callable[..., Client], make: Callable[[], Named]) -> None:
    reader = person_with("collaborator", "history")
    named = make()

    assert named.address not in text_of(reader.get(named.listed))


def test_what_is_gone_is_no_link(admin_client: Client) -> None:
    group = make_group("GK Finance", [])
    delete_group(group.id, actor=ADMIN)

    text = text_of(admin_client.get("/audit-trail/"))

    assert AuditEntry.objects.filter(object_id=str(group.id)).exists()
    assert f"/groups/{group.id}/" not in text
