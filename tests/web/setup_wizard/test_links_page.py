"""Settings > Configuration > Set-up links: made, shown once, listed with live state, revoked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.setup_links.lifecycle import KEPT_FOR, forget_ended_links
from gatekeeper.setup_links.models import SetupLink
from saml.models import Connection
from tests.web.pages import text_of
from tests.web.setup_wizard.conftest import Bearer

PAGE = "/settings/configuration/setup-links/"


def make(client: Client, **fields: Any) -> Any:
    return client.post(PAGE, {"recipient": "Ada", "scope": "both", "days": "3", **fields})


def address_in(answer: Any) -> str:
    return str(answer.content.decode().split("/set-up/open/")[1].split("/")[0])


def test_a_link_is_shown_once_and_is_ready_to_be_opened(admin_client: Client) -> None:
    answer = make(admin_client, product="okta")

    token = address_in(answer)
    assert "Copy & Save" in text_of(answer).replace("&amp;", "&")
    assert token not in admin_client.get(PAGE).content.decode()
    assert Client().get(f"/set-up/open/{token}/").status_code == 200
    link = SetupLink.objects.get()
    assert (link.recipient, link.scope, link.product, link.made_by.label) == ("Ada", "both", "okta", "root@example.com")  # type: ignore[union-attr]
    assert timedelta(days=2) < link.expires_at - timezone.now() <= timedelta(days=3)
    assert AuditEntry.objects.filter(event="setup_link.created", actor_kind="person").count() == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"recipient": ""}, "required"),
        ({"recipient": "x" * 201}, "200"),
        ({"recipient": "a\x00b"}, "Null characters"),
        ({"scope": "everything"}, "not one of the available choices"),
        ({"days": "6"}, "not one of the available choices"),
        ({"days": "0"}, "not one of the available choices"),
        ({"scope": "certificate"}, "Name the connection"),
        ({"product": "nothing"}, "not one of the available choices"),
        ({"connection": "11111111-1111-4111-8111-111111111111"}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused_in_words(admin_client: Client, fields: dict[str, str], words: str) -> None:
    answer = make(admin_client, **fields)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not SetupLink.objects.exists()


def test_a_certificate_is_renewed_at_one_connection(admin_client: Client, connection: Connection) -> None:
    assert make(admin_client, scope="certificate", connection=str(connection.id)).status_code == 200
    assert SetupLink.objects.get().connection_id == connection.id
    assert make(admin_client, scope="saml", connection=str(connection.id)).status_code == 422


def test_the_list_shows_what_has_become_of_it(admin_client: Client, make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("scim")
    assert "not opened yet" in text_of(admin_client.get(PAGE))
    bearer.start()
    bearer.post("provisioning/key/")

    page = text_of(admin_client.get(PAGE))

    assert "in use" in page
    assert "1 of 4" in page


def test_who_asks_for_a_new_link_is_seen_and_gets_the_same_again(
    admin_client: Client, make_bearer: Callable[..., Bearer]
) -> None:
    bearer = make_bearer("saml", product="okta").start()
    Client().post(f"{bearer.open_address}ask/")

    assert "asks for a new link" in text_of(admin_client.get(PAGE))
    form = admin_client.get(f"{PAGE}?again={bearer.link_id}").content.decode()
    assert 'value="Ada &lt;ada@contoso.com&gt;"' in form
    assert '<option value="okta" selected>' in form
    assert admin_client.get(f"{PAGE}?again=nothing").status_code == 200


def test_a_revoked_link_is_over_at_once_and_what_it_made_stays(
    admin_client: Client, make_bearer: Callable[..., Bearer]
) -> None:
    bearer = make_bearer("scim").start()
    bearer.post("provisioning/key/")

    answer = admin_client.post(f"{PAGE}{bearer.link_id}/revoke/", follow=True)

    assert "is revoked" in text_of(answer)
    assert bearer.get("provisioning/").status_code == 410
    key = bearer.link.api_key
    assert key is not None
    assert key.is_active
    again = admin_client.post(f"{PAGE}{bearer.link_id}/revoke/", follow=True)
    assert "could be revoked" in text_of(again)


def test_the_number_of_statements_does_not_grow_with_the_links(
    admin_client: Client, make_bearer: Callable[..., Bearer], django_assert_max_num_queries: Any
) -> None:
    for scope in ("saml", "scim", "both", "certificate"):
        for _ in range(4):
            bearer = make_bearer(scope).start()
            if scope in ("scim", "both"):
                bearer.post("provisioning/key/")
    admin_client.get(PAGE)

    with django_assert_max_num_queries(24):
        assert admin_client.get(PAGE).status_code == 200


def test_links_are_forgotten_a_month_after_their_end(make_bearer: Callable[..., Bearer]) -> None:
    first, second = make_bearer(days=1), make_bearer(days=5)
    SetupLink.objects.filter(pk=second.link_id).update(revoked_at=timezone.now())

    assert forget_ended_links(timezone.now() + KEPT_FOR - timedelta(minutes=1)) == 0
    assert forget_ended_links(timezone.now() + KEPT_FOR + timedelta(minutes=1)) == 1
    assert SetupLink.objects.get().pk == first.link_id
    with time_machine.travel(timezone.now() + KEPT_FOR + timedelta(days=2)):
        assert forget_ended_links(timezone.now()) == 1
