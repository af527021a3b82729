"""The Authentication page, teams, the deprovisioning limit, and the checklist."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from saml.connections.lifecycle import create_connection
from saml.models import Connection
from tests.builders import ADMIN
from tests.web.pages import text_of

PAGE = "/settings/configuration/authentication/"


def test_a_connection_is_made_from_an_uploaded_document_and_gives_its_four_addresses(
    admin_client: Client, metadata: bytes
) -> None:
    upload = SimpleUploadedFile("metadata.xml", metadata, content_type="application/xml")

    answer = admin_client.post(f"{PAGE}new/", {"name": "", "metadata_file": upload}, follow=True)

    connection = Connection.objects.get()
    assert connection.name == "login.example.com"
    text = text_of(answer)
    for label in ("Metadata url", "Sso url", "ACS (Assertion Consumer Service, Recipient) url", "Logout url"):
        assert f">{label}</label>" in text
        assert f'<span class="visually-hidden"> {label}</span>' in text
    for name in ("metadata", "sso", "acs", "logout"):
        assert f"http://testserver/saml/{connection.id}/{name}" in text


def test_a_connection_is_made_from_pasted_text(admin_client: Client, metadata: bytes) -> None:
    admin_client.post(f"{PAGE}new/", {"name": "Contoso", "metadata_text": metadata.decode()})

    assert Connection.objects.get().name == "Contoso"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Enter the address of the metadata"),
        ({"metadata_url": "ftp://example.com/"}, "The metadata was not accepted"),
        ({"metadata_url": "nonsense"}, "The metadata was not accepted"),
        ({"metadata_text": "<html></html>"}, "The metadata was not accepted"),
        ({"metadata_url": "https://example.com/m", "metadata_text": "<x/>"}, "not both"),
    ],
)
def test_metadata_that_will_not_do_is_refused_in_words(admin_client: Client, data: dict[str, str], words: str) -> None:
    answer = admin_client.post(f"{PAGE}new/", data)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Connection.objects.exists()


def test_a_connection_is_deleted_by_its_name_only(admin_client: Client, metadata: bytes) -> None:
    connection = create_connection("Contoso", actor=ADMIN, document=metadata)
    address = reverse("web:delete_connection", args=(connection.id,))

    refused = admin_client.post(address, {"confirm": "contoso"})
    assert refused.status_code == 422
    assert "confirm with exactly that name" in text_of(refused)
    assert Connection.objects.live().exists()

    admin_client.post(address, {"confirm": "Contoso"})
    assert not Connection.objects.live().exists()


def test_a_connection_is_refreshed_and_a_worse_document_is_refused(admin_client: Client, metadata: bytes) -> None:
    connection = create_connection("Contoso", actor=ADMIN, document=metadata)
    address = reverse("web:refresh_connection", args=(connection.id,))

    assert "was read again: unchanged" in text_of(admin_client.post(address, follow=True))
    other = SimpleUploadedFile("m.xml", metadata.replace(b"/tenant/", b"/other/"))
    text = text_of(admin_client.post(address, {"metadata_file": other}, follow=True))
    assert "What was known before stays in force." in text
