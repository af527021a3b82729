"""Connections: made from metadata that was found good, refreshed without ever getting worse, ended with their links."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import IdentityProvider, SignIn, SignInIdentity
from gatekeeper.errors import IdentityProviderNotFound, InvalidValue, NeedsConfirmation
from saml.connections.certificate_health import connection_warnings
from saml.connections.lifecycle import (
    create_connection,
    delete_connection,
    describe,
    refresh_connection,
)
from saml.errors import MetadataRefused
from saml.metadata.changes import compare_metadata
from saml.models import Certificate, Connection
from tests.builders import ADMIN, link, make_user, map_group
from tests.saml.conftest import Browser
from tests.saml.forge import ENTITY_ID, SSO_URL, fingerprint, metadata, signed_response
from tests.saml.idp import running_idp
from tests.saml.keys import key_pair

pytestmark = pytest.mark.django_db


def fingerprints(connection):
    return {each["sha256"] for each in describe(connection)["certificates"]}


def test_a_connection_has_four_addresses_of_this_site(connection):
    document = describe(connection)

    base = f"http://testserver/saml/{connection.id}"
    assert document["sp_entity_id"] == document["metadata_url"] == f"{base}/metadata"
    assert (document["sso_url"], document["acs_url"]) == (f"{base}/sso", f"{base}/acs")
    assert document["logout_url"] == f"{base}/logout"
    assert document["idp_entity_id"] == ENTITY_ID


@pytest.mark.parametrize(("name", "facts"), [("", {"document": metadata()}), ("x" * 201, {"document": metadata()})])
def test_a_connection_needs_a_name_of_sensible_length(db, name, facts):
    with pytest.raises(InvalidValue):
        create_connection(name, actor=ADMIN, **facts)


def test_nothing_is_left_of_a_connection_that_was_refused(db):
    with pytest.raises(MetadataRefused):
        create_connection("Entra", document=b"junk", actor=ADMIN)
    with pytest.raises(MetadataRefused, match="expired"):
        create_connection("Entra", document=metadata(key_pair("old", days=-1)), actor=ADMIN)

    assert not IdentityProvider.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "worse",
    [
        b"",
        b"<html>Maintenance</html>",
        metadata(entity_id="https://sts.windows.net/other/"),
        metadata(sso_url="https://evil.example/sso"),
        metadata(key_pair("old", days=-1)),
        metadata().replace(b'use="signing"', b'use="encryption"'),
    ],
)
def test_a_worse_document_never_replaces_a_good_one(settings, worse):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with running_idp() as idp:
        idp.document_override = metadata()
        connection = create_connection("Entra", metadata_url=idp.metadata_url, actor=ADMIN)
        before = describe(connection)
        idp.document_override = worse
        with pytest.raises(MetadataRefused):
            refresh_connection(connection.id, actor=ADMIN)

    connection.refresh_from_db()
    assert describe(connection) == before
    assert bytes(connection.document) == metadata()
    assert connection.refresh_failed
    assert "The last refresh failed" in " ".join(connection_warnings(connection, datetime.now(UTC)))


def test_an_uploaded_document_may_move_the_sign_on_address_but_not_the_identity(connection):
    moved, result = refresh_connection(
        connection.id, document=metadata(sso_url="https://login.example/sso"), actor=ADMIN
    )
    assert (moved.sso_url, str(result)) == ("https://login.example/sso", "changed")

    with pytest.raises(MetadataRefused, match="entityID"):
        refresh_connection(connection.id, document=metadata(entity_id="https://other/"), actor=ADMIN)


def test_a_yes_holds_for_the_very_change_that_was_shown(connection):
    moved = metadata(sso_url="https://login.example/sso")
    shown = compare_metadata(connection.id, moved)
    assert Connection.objects.get().sso_url == SSO_URL

    with pytest.raises(NeedsConfirmation):
        refresh_connection(connection.id, document=metadata(key_pair("next")), confirmed=shown.fingerprint, actor=ADMIN)
    assert fingerprints(connection) == {fingerprint(key_pair())}

    _, result = refresh_connection(connection.id, document=moved, confirmed=shown.fingerprint, actor=ADMIN)
    assert str(result) == "changed"


def test_an_unchanged_refresh_leaves_no_trace_in_the_audit_trail(connection):
    before = AuditEntry.objects.count()

    _, result = refresh_connection(connection.id, actor=ADMIN)

    assert str(result) == "unchanged"
    assert AuditEntry.objects.count() == before


def test_a_rollover_goes_through_old_both_and_new(ada, connection):
    """Old key, both keys, new key: each signature is accepted exactly while its certificate is published.

    SAML metadata 2.4.1.1.
    """
    old, new = key_pair(), key_pair("next")
    count = iter(range(100))

    def comes_in(keys):
        browser = Browser(connection, Client())
        number = next(count)
        facts = browser.facts(browser.begin(), assertion_id=f"_a{number}", response_id=f"_r{number}")
        return browser.post(signed_response(facts, keys)).status_code == 302

    assert (comes_in(old), comes_in(new)) == (True, False)
    _, added = refresh_connection(connection.id, document=metadata(old, new), actor=ADMIN)
    assert str(added) == "1 certificate added, 0 withdrawn"
    assert (comes_in(old), comes_in(new)) == (True, True)
    _, withdrawn = refresh_connection(connection.id, document=metadata(new), actor=ADMIN)
    assert str(withdrawn) == "0 certificates added, 1 withdrawn"
    assert (comes_in(old), comes_in(new)) == (False, True)
    entries = AuditEntry.objects.filter(event="connection.refreshed")
    assert sum(len(each.after["certificates_added"]) for each in entries) == 1
    assert sum(len(each.after["certificates_withdrawn"]) for each in entries) == 1
    assert Certificate.objects.filter(until=None).count() == 1


def test_a_certificate_that_comes_back_is_live_again(connection):
    refresh_connection(connection.id, document=metadata(key_pair("next")), actor=ADMIN)
    refresh_connection(connection.id, document=metadata(key_pair()), actor=ADMIN)

    assert len(fingerprints(connection)) == 1
    assert Certificate.objects.count() == 3


def test_deleting_a_connection_takes_its_name_and_ends_what_came_through_it(browser, ada):
    browser.sign_on()
    with pytest.raises(NeedsConfirmation):
        delete_connection(browser.connection.id, confirm="entra", actor=ADMIN)
    assert browser.is_signed_in

    delete_connection(browser.connection.id, confirm="Entra", actor=ADMIN)

    assert not Connection.objects.live().exists()
    assert not SignInIdentity.objects.live().exists()
    assert not SignIn.objects.live().exists()
    assert browser.client.get(f"/saml/{browser.connection.id}/sso").status_code == 404
    with pytest.raises(IdentityProviderNotFound):
        refresh_connection(browser.connection.id, actor=ADMIN)


def test_certificates_that_run_out_are_announced_in_days(connection):
    now = connection.signing_certificates()[0].not_after - timedelta(days=7, hours=1)

    assert "expires in 7 days" in " ".join(connection_warnings(connection, now))
    assert "has expired" in " ".join(connection_warnings(connection, now + timedelta(days=8)))


def test_pysaml2_signs_somebody_in_with_its_own_xml(settings):
    """The independent identity provider without a site in between: metadata, request and response are its own.

    SAML profiles 4.1.
    """
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    settings.ALLOWED_HOSTS = ["testserver", "127.0.0.1"]
    with running_idp() as idp:
        connection = create_connection("Test", metadata_url=idp.metadata_url, actor=ADMIN)
        map_group(None, "collaborator")
        make_user("ada.obi@contoso.com")
        link()
        client = Client()
        idp.trust_document(client.get(f"/saml/{connection.id}/metadata").content.decode())
        location = client.get(f"/saml/{connection.id}/sso").headers["Location"]
        request = parse_qs(urlsplit(location).query)["SAMLRequest"][0]
        address, value = idp.answer_sign_on({"SAMLRequest": request}, "ada.obi@contoso.com")
        answer = client.post(address.removeprefix("http://127.0.0.1:8000"), {"SAMLResponse": value})

    assert answer.status_code == 302, answer.content.decode()
    assert SignIn.objects.live().get().session_index
