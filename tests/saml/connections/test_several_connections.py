"""Several identity providers side by side: each believes its own, and none can vouch for another one's people."""

from dataclasses import replace

import pytest
from django.test import Client

from gatekeeper.directory.models import SignIn
from saml.connections.lifecycle import create_connection, describe
from saml.connections.refresh_results import result_text
from saml.connections.settings import edit_connection, settings_of
from saml.errors import MetadataRefused
from saml.models import Connection
from saml.sync.run import sync_saml_users
from tests.builders import ADMIN, link
from tests.saml.conftest import Browser, refusals
from tests.saml.forge import fingerprint, metadata, signed_metadata, signed_response
from tests.saml.idp import running_idp
from tests.saml.keys import key_pair

pytestmark = pytest.mark.django_db
OTHER_TENANT = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/"
OTHER_KEYS = key_pair("other tenant")
SIGNER = key_pair("metadata signer")


@pytest.fixture
def second(connection) -> Connection:
    document = metadata(OTHER_KEYS, entity_id=OTHER_TENANT)
    return create_connection("Other tenant", document=document, actor=ADMIN)


def come_in_as_ada(connection: Connection):
    """A genuine response of the other tenant, which says that this is Ada."""
    browser = Browser(connection, Client())
    facts = {"issuer": OTHER_TENANT, "response_issuer": OTHER_TENANT}
    return browser.post(signed_response(browser.facts(browser.begin(), **facts), OTHER_KEYS))


def test_each_connection_has_addresses_and_an_entity_id_of_its_own(connection, second):
    """SAML metadata 2.3.2 (entityID) and 2.4.4 (ACS)."""
    one, two = describe(connection), describe(second)

    for name in ("sp_entity_id", "metadata_url", "sso_url", "acs_url", "logout_url"):
        assert one[name] != two[name]


def test_a_second_tenant_cannot_assert_the_first_ones_people(ada, connection, second):
    link()
    edit_connection(connection.id, replace(settings_of(connection), domains=("contoso.com",)), actor=ADMIN)

    answer = come_in_as_ada(second)

    assert answer.status_code == 403
    assert not SignIn.objects.exists()
    assert [(each.after["check"], each.object_kind) for each in refusals()] == [("other_connection", "connection")]


def test_a_second_tenant_with_domains_of_its_own_names_these_only(ada, connection, second):
    link()
    edit_connection(second.id, replace(settings_of(second), domains=("partner.com",)), actor=ADMIN)

    assert come_in_as_ada(second).status_code == 403
    assert not SignIn.objects.exists()


def test_without_domains_either_connection_is_believed_about_everybody(ada, connection, second):
    """What the page warns about: that is how a second connection works until domains are stated."""
    link()

    assert come_in_as_ada(second).status_code == 302


def test_a_new_address_has_to_describe_the_same_identity_provider_and_fit_the_pin(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    connection = create_connection("Entra", document=signed_metadata(SIGNER), pin=fingerprint(SIGNER), actor=ADMIN)
    with running_idp() as idp:
        wanted = replace(settings_of(connection), metadata_url=idp.metadata_url)
        for document in (metadata(), signed_metadata(SIGNER, entity_id=OTHER_TENANT), b"<html/>"):
            idp.document_override = document
            with pytest.raises(MetadataRefused):
                edit_connection(connection.id, wanted, actor=ADMIN)
        assert Connection.objects.get().idp_metadata_url == ""

        idp.document_override = signed_metadata(SIGNER)
        edit_connection(connection.id, wanted, actor=ADMIN)

    assert Connection.objects.get().idp_metadata_url == wanted.metadata_url


def test_the_sync_refuses_a_document_against_the_pin_and_says_why(settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with running_idp() as idp:
        idp.document_override = signed_metadata(SIGNER)
        create_connection("Entra", metadata_url=idp.metadata_url, pin=fingerprint(SIGNER), actor=ADMIN)
        idp.document_override = signed_metadata(key_pair("thief"), key_pair("thief"))

        run = sync_saml_users(actor=ADMIN)

    connection = Connection.objects.get()
    assert "another certificate" in result_text(run.metadata[0])
    assert "another certificate" in connection.refresh_text
    assert [each.sha256 for each in connection.signing_certificates()] == [fingerprint(key_pair())]
