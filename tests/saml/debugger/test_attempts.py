"""The page of an attempt: masked until asked for, and what can be said of each kind of message."""

import zlib
from datetime import timedelta
from importlib import import_module

import pytest
import time_machine
from django.apps import apps
from django.db import connection as database
from django.utils import timezone
from lxml import etree

from gatekeeper.audit.models import AuditEntry
from saml.debugger.attempts import MOST_UNVERIFIED_KEPT, PERSONAL_VALUES_KEPT, personal_values
from saml.models import SignInAttempt
from saml.sync.run import sync_saml_users
from tests.builders import ADMIN, make_group, make_user, map_group
from tests.saml.forge import NS, compose, signed_response
from tests.web.conftest import browser_of, person_with  # noqa: F401 - fixtures
from tests.web.pages import text_of

pytestmark = pytest.mark.django_db
ADA = "ada.obi@contoso.com"
CLAIMS = (("http://schemas.example/displayname", "Ada Obi"), ("http://x/tenantid", "72f988bf"))


def page_of(admin_client, attempt=None):
    return text_of(admin_client.get(f"/sign-in-attempts/{(attempt or SignInAttempt.objects.get()).pk}/"))


def show(client, attempt=None):
    return client.post(f"/sign-in-attempts/{(attempt or SignInAttempt.objects.get()).pk}/personal-values/")


def shown_events():
    return AuditEntry.objects.filter(event="sign_in.personal_values_shown")


def test_nothing_personal_is_kept_in_clear(browser, ada):
    browser.sign_on(name_id="nobody@contoso.com", attributes=CLAIMS)

    with database.cursor() as cursor:
        for table in ("saml_signinattempt", "audit_auditentry"):
            cursor.execute(f"SELECT * FROM {table}")
            rows = repr([[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in cursor.fetchall()])
            assert "nobody@contoso.com" not in rows
            assert "Ada Obi" not in rows


def test_the_page_masks_names_and_claims_and_shows_the_decoded_message(browser, ada, admin_client):
    browser.sign_on(attributes=CLAIMS)

    page = page_of(admin_client)

    assert page.count(ADA) == 1  # The link to the person whom the directory knows.
    assert "Ada Obi" not in page
    assert (
        '<saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">a•••@c•••</saml:NameID>' in page
    )
    assert "72f988bf" in page
    assert "characters)</ds:SignatureValue>" in page
    assert "characters)</ds:X509Certificate>" in page
    assert "The message is good and the person was signed in." in page


def test_who_may_configure_is_shown_the_personal_values_and_the_audit_trail_says_so(browser, ada, admin_client):
    browser.sign_on(attributes=CLAIMS)

    answer = show(admin_client)

    page = text_of(answer)
    assert f">{ADA}</saml:NameID>" in page
    assert "Ada Obi" in page
    assert answer.headers["Cache-Control"] == "no-store"
    entry = shown_events().get()
    assert (entry.actor_name, entry.object_id, entry.after["attempt"]) == (
        "root@example.com",
        str(ada.id),
        SignInAttempt.objects.get().pk,
    )
    assert "Ada Obi" not in page_of(admin_client)


def test_looking_at_the_masked_page_is_not_written_down_and_values_need_a_post(browser, ada, admin_client):
    browser.sign_on()

    page_of(admin_client)

    assert admin_client.get(f"/sign-in-attempts/{SignInAttempt.objects.get().pk}/personal-values/").status_code == 405
    assert not shown_events().exists()


def test_a_reader_of_the_logs_sees_the_masked_page_only(browser, ada, browser_of):  # noqa: F811
    browser.sign_on()
    reader = make_user("reader@contoso.com")
    map_group(make_group("GK Readers", [reader]), "collaborator", ["history"])
    sync_saml_users(actor=ADMIN)
    client = browser_of(reader)

    assert "Show personal values" not in page_of(client)
    assert show(client).status_code == 403
    assert not shown_events().exists()


def test_personal_values_go_after_a_week(browser, ada, admin_client):
    browser.sign_on(name_id="nobody@contoso.com")
    attempt = SignInAttempt.objects.get()

    attempt.at = timezone.now() - PERSONAL_VALUES_KEPT - timedelta(minutes=1)
    attempt.save()
    sync_saml_users(actor=ADMIN)
    attempt.refresh_from_db()
    page = page_of(admin_client)
    assert attempt.sealed_message is None
    assert "Personal values were removed after 7 days." in page
    assert "n•••@c•••" in page
    assert "nobody@contoso.com" not in text_of(show(admin_client))


def test_names_that_an_earlier_version_kept_in_clear_are_masked_by_the_migration(connection):
    for name in ("nobody@contoso.com", "a•••@c•••", ""):
        SignInAttempt.objects.create(accepted=False, connection=connection, name_id=name)

    import_module("saml.migrations.0005_mask_sign_in_names").mask_names(apps, None)

    assert sorted(SignInAttempt.objects.values_list("name_id", flat=True)) == ["", "a•••@c•••", "n•••@c•••"]


def test_with_another_secret_key_only_the_outline_is_left(browser, ada, admin_client, settings):
    browser.sign_on()
    settings.SECRET_KEY = "another"

    assert personal_values(SignInAttempt.objects.get()) is None


def test_what_is_kept_cannot_be_handed_in_again(browser, ada):
    browser.sign_on()

    kept = personal_values(SignInAttempt.objects.get()).message

    assert "SignatureValue" in kept
    assert "characters)" in etree.fromstring(kept).findtext(".//ds:SignatureValue", namespaces=NS)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (b"<!doctype html><title>Proxy</title>", "a web page (HTML)"),
        (zlib.compress(b"<samlp:Response/>"), "a compressed or binary message"),
        (b'{"error": 1}', "JSON"),
        (b"<!DOCTYPE x><x/>", "XML that is not accepted"),
        (b"", "No message could be decoded"),
    ],
)
def test_of_what_is_no_xml_the_page_says_what_it_looks_like(browser, admin_client, value, words):
    browser.post(value)

    assert words in page_of(admin_client)


def test_a_value_that_is_not_encoded_is_shown_for_what_it_is(browser, admin_client):
    browser.client.post(f"/saml/{browser.connection.id}/acs", {"SAMLResponse": "<!doctype html><p>not base64</p>"})

    page = page_of(admin_client)
    assert "the message is not base64" in page
    assert "a web page (HTML)" in page


def test_a_request_without_a_message_has_an_attempt_too(browser, admin_client):
    answer = browser.client.post(f"/saml/{browser.connection.id}/acs")

    attempt = SignInAttempt.objects.get()
    assert attempt.failed_check == "arrives"
    assert attempt.request_id in answer.content.decode()
    assert "begin at the sign-in page again" in page_of(admin_client)


def test_an_encrypted_assertion_shows_what_can_be_read_without_the_key(browser, admin_client):
    response = compose(browser.facts(browser.begin()))
    assertion = response.find("saml:Assertion", NS)
    response.replace(assertion, etree.fromstring(ENCRYPTED))
    browser.post(response)

    page = page_of(admin_client)

    assert "http://www.w3.org/2001/04/xmlenc#aes256-cbc" in page
    assert "gatekeeper-2026" in page
    assert "(1600 characters)" in page


ENCRYPTED = f"""<saml:EncryptedAssertion xmlns:saml="{NS["saml"]}"><xenc:EncryptedData
 xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"><xenc:EncryptionMethod
 Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/><ds:KeyInfo xmlns:ds="{NS["ds"]}"><xenc:EncryptedKey>
<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/><ds:KeyInfo>
<ds:KeyName>gatekeeper-2026</ds:KeyName></ds:KeyInfo></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>
<xenc:CipherValue>{"QUJD" * 400}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"""


def test_what_differs_from_this_connections_own_addresses_stands_beside_them(browser, admin_client):
    browser.sign_on(recipient="https://other.example/acs")

    page = " ".join(page_of(admin_client).split())

    expected = f"http://testserver/saml/{browser.connection.id}/acs"
    assert f'acs</span> <span class="badge badge-warn">differs</span> <p class="hint">expected: {expected}</p>' in page
    assert page.count("differs</span>") == 1


def test_addresses_in_the_words_of_the_identity_provider_are_masked(browser, admin_client):
    status = "urn:oasis:names:tc:SAML:2.0:status:Responder"
    message = "AADSTS50105: the user 'ada.obi@contoso.com' is not assigned to a role."
    browser.sign_on(status=status, status_message=message)

    page = page_of(admin_client)

    assert ADA not in page
    assert "AADSTS50105" in page
    assert "'a•••@c•••' is not assigned" in page
    assert '<span lang="">AADSTS50105' in page
    assert ADA in text_of(show(admin_client))


def test_the_reference_number_and_the_whole_sign_in_name_find_the_attempt(browser, admin_client):
    page = browser.sign_on(name_id="nobody@contoso.com").content.decode()
    browser.sign_on(name_id="other@contoso.com", assertion_id="_2", response_id="_r2")
    wanted = SignInAttempt.objects.earliest("pk")

    assert wanted.request_id in page
    for term in (wanted.request_id, f" {wanted.request_id} ", "NOBODY@contoso.com"):
        listed = text_of(admin_client.get("/sign-in-attempts/", {"q": term}))
        assert listed.count("/sign-in-attempts/") >= 1
        assert f"/sign-in-attempts/{wanted.pk}/" in listed
        assert f"/sign-in-attempts/{wanted.pk + 1}/" not in listed


def test_a_refused_sign_out_is_not_shown_as_a_refused_sign_in(browser, admin_client):
    browser.client.get(f"/saml/{browser.connection.id}/logout", {"SAMLRequest": "AAAA"})

    page = page_of(admin_client)

    assert "The sign-out message was not accepted" in page
    assert "It answers a sign-on" not in page


def test_nonsense_in_bulk_is_noted_but_not_kept_whole(browser, monkeypatch):
    assert MOST_UNVERIFIED_KEPT >= 100
    monkeypatch.setattr("saml.debugger.attempts.MOST_UNVERIFIED_KEPT", 2)
    unsigned = compose(browser.facts("id1"))

    for _ in range(3):
        browser.post(unsigned)

    assert SignInAttempt.objects.count() == 3
    assert SignInAttempt.objects.filter(sealed_message__isnull=False).count() == 2


def test_a_message_of_somebody_who_was_believed_is_kept_all_the_same(browser, ada, monkeypatch):
    monkeypatch.setattr("saml.debugger.attempts.MOST_UNVERIFIED_KEPT", 0)

    browser.sign_on()

    assert personal_values(SignInAttempt.objects.get()).name == ADA


def test_a_message_that_is_too_large_is_refused_by_its_outline_alone(browser, admin_client):
    facts = browser.facts(browser.begin(), attributes=tuple((f"c{n}", "x" * 900) for n in range(80)))
    browser.post(signed_response(facts))

    assert personal_values(SignInAttempt.objects.get()).message == ""
    with time_machine.travel(timezone.now()):
        assert "Personal values are masked" in page_of(admin_client)
