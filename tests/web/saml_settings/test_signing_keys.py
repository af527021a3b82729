"""The Authentication page: our certificate to download, its change with an overlap, and the switch for signing."""

import pytest
from cryptography import x509
from django.test import Client
from django.urls import reverse

from saml.connections.key_pairs import key_pairs
from saml.connections.lifecycle import create_connection
from saml.models import Connection
from tests.builders import ADMIN
from tests.web.pages import text_of

PAGE = "/settings/configuration/authentication/"


@pytest.fixture
def connection(administrator: object, metadata: bytes) -> Connection:
    return create_connection("Contoso AG", actor=ADMIN, document=metadata)


def act(admin_client: Client, name: str, connection: Connection, **data: str) -> str:
    return text_of(admin_client.post(reverse(f"web:{name}", args=(connection.id,)), data, follow=True))


def test_the_certificate_can_be_downloaded_as_entra_takes_it(admin_client: Client, connection: Connection) -> None:
    (pair,) = key_pairs(connection)
    address = reverse("web:connection_certificate", args=(connection.id, str(pair)))
    assert f'href="{address}"' in admin_client.get(PAGE).content.decode()

    answer = admin_client.get(address)

    assert x509.load_pem_x509_certificate(answer.content) == x509.load_der_x509_certificate(bytes(pair.der))
    assert b"PRIVATE" not in answer.content
    assert answer.headers["Content-Disposition"] == f'attachment; filename="contoso-ag-{str(pair)[:8]}.cer"'


@pytest.mark.parametrize("sha256", ["0" * 64, "x"])
def test_a_certificate_that_is_not_published_is_not_found(
    admin_client: Client, connection: Connection, sha256: str
) -> None:
    assert admin_client.get(f"{PAGE}{connection.id}/certificate/{sha256}.cer").status_code == 404


def test_keys_are_changed_in_two_steps_with_what_to_do_between_them(
    admin_client: Client, connection: Connection
) -> None:
    text = act(admin_client, "publish_next_key", connection)
    assert "hand over the certificate that the Authentication page here offers" in text
    assert "encrypt for the certificate that the Authentication page here offers" in text
    old, following = map(str, key_pairs(connection))

    assert "Confirm first" in act(admin_client, "finish_key_change", connection)
    assert len(key_pairs(connection)) == 2
    assert "is in use now" in act(admin_client, "finish_key_change", connection, ready="on")
    assert [str(pair) for pair in key_pairs(connection)] == [following]
    assert admin_client.get(f"{PAGE}{connection.id}/certificate/{old}.cer").status_code == 404


def test_a_second_change_and_an_end_without_a_beginning_are_refused_in_words(
    admin_client: Client, connection: Connection
) -> None:
    assert "There is no next certificate" in act(admin_client, "finish_key_change", connection, ready="on")
    act(admin_client, "publish_next_key", connection)
    assert "is published already" in act(admin_client, "publish_next_key", connection)


def test_signing_is_one_of_the_settings(admin_client: Client, connection: Connection) -> None:
    address = reverse("web:connection_settings", args=(connection.id,))

    admin_client.post(address, {"name": connection.name, "sign_requests": "on"})
    assert Connection.objects.get().sign_requests
    admin_client.post(address, {"name": connection.name})
    assert not Connection.objects.get().sign_requests


@pytest.mark.parametrize("name", ["publish_next_key", "finish_key_change"])
def test_a_connection_that_is_gone_is_a_sentence(admin_client: Client, db: None, name: str) -> None:
    gone = "00000000-0000-4000-8000-000000000000"
    address = reverse(f"web:{name}", args=(gone,))

    assert "There is no SAML connection" in text_of(admin_client.post(address, {"ready": "on"}, follow=True))
