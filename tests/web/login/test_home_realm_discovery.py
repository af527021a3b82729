"""Choosing a connection by the domain of an address that somebody types."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from saml.connections.lifecycle import create_connection, delete_connection
from saml.models import Connection, PendingRequest
from tests.builders import ADMIN, make_user
from tests.saml.forge import SSO_URL, metadata
from tests.web.pages import text_of

SIGN_IN, CHOOSE = "/sign-in/", "/sign-in/connection/"
OKTA = "https://contoso.okta.com/app/sso/saml"


@pytest.fixture
def entra(db: None) -> Connection:
    return create_connection("Entra", document=metadata(), domains=["contoso.com"], actor=ADMIN)


@pytest.fixture
def okta(db: None) -> Connection:
    document = metadata(entity_id="http://www.okta.com/1", sso_url=OKTA)
    return create_connection("Okta", document=document, domains=["partner.com"], actor=ADMIN)


def onward(answer) -> tuple[str, dict[str, list[str]]]:
    """Where the page leads: address without query, and the query."""
    address = urlsplit(text_of(answer).split('content="0; url=')[1].split('"')[0])
    return f"{address.scheme}://{address.netloc}{address.path}", parse_qs(address.query)


def test_with_one_connection_and_no_domains_the_page_asks_nothing(client: Client, db: None) -> None:
    create_connection("Entra", document=metadata(), actor=ADMIN)

    assert "Work account" not in text_of(client.get(SIGN_IN))


def test_an_address_leads_to_the_connection_of_its_domain_and_entra_learns_who_comes(
    client: Client, entra: Connection, okta: Connection
) -> None:
    text = text_of(client.get(SIGN_IN, {"next": "/profile/"}))
    assert "Work account" in text
    assert f'action="{CHOOSE}?next=%2Fprofile%2F"' in text
    assert "Sign in with Entra" in text
    assert "Sign in with Okta" in text

    answer = client.post(f"{CHOOSE}?next=/profile/", {"account": " Ada@Contoso.COM "})

    address, query = onward(answer)
    assert (address, query["login_hint"]) == (SSO_URL, ["Ada@Contoso.COM"])
    pending = PendingRequest.objects.get()
    assert (pending.connection, pending.relay_path) == (entra, "/profile/")
    assert client.cookies["gatekeeper_saml"].value


def test_other_identity_providers_get_no_hint(client: Client, entra: Connection, okta: Connection) -> None:
    address, query = onward(client.post(CHOOSE, {"account": "bo@partner.com"}))

    assert (address, set(query)) == (OKTA, {"SAMLRequest"})


def test_an_unknown_domain_leads_back_to_the_list_with_a_sentence(client: Client, entra: Connection) -> None:
    answer = client.post(f"{CHOOSE}?next=/profile/", {"account": "eve@elsewhere.com"})

    assert answer["Location"] == f"{SIGN_IN}?next=%2Fprofile%2F"
    text = text_of(client.get(answer["Location"]))
    assert "No connection lists elsewhere.com. Choose yours from the list." in text
    assert "Sign in with Entra" in text


def test_whether_somebody_exists_makes_no_difference(client: Client, entra: Connection) -> None:
    make_user("ada@contoso.com")
    known = onward(client.post(CHOOSE, {"account": "ada@contoso.com"}))
    unknown = onward(client.post(CHOOSE, {"account": "nobody@contoso.com"}))

    assert (known[0], set(known[1])) == (unknown[0], set(unknown[1]))


@pytest.mark.parametrize(
    "account", ["", "ada", "@contoso.com", "ada@", "a da@contoso.com", "ada\n@contoso.com", "x" * 400 + "@contoso.com"]
)
def test_what_is_no_address_is_asked_for_again(client: Client, entra: Connection, account: str) -> None:
    text = text_of(client.post(CHOOSE, {"account": account}, follow=True))

    assert "Enter your whole work address" in text
    assert not PendingRequest.objects.exists()


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil"])
def test_choosing_never_leads_to_another_site(client: Client, entra: Connection, target: str) -> None:
    client.post(CHOOSE, {"account": "ada@contoso.com"}, query_params={"next": target})

    assert PendingRequest.objects.get().relay_path == "/"
    assert client.post(CHOOSE, {"account": "x@elsewhere.com"}, query_params={"next": target})["Location"] == SIGN_IN


def test_a_deleted_connection_leads_nowhere(client: Client, entra: Connection, okta: Connection) -> None:
    delete_connection(entra.id, confirm="Entra", actor=ADMIN)

    assert client.post(CHOOSE, {"account": "ada@contoso.com"})["Location"] == SIGN_IN


def test_choosing_is_no_link_and_needs_the_forms_token(client: Client, entra: Connection) -> None:
    assert client.get(CHOOSE).status_code == 405
    assert Client(enforce_csrf_checks=True).post(CHOOSE, {"account": "ada@contoso.com"}).status_code == 403
