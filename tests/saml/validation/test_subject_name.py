"""Who is signing in: NameID formats (SAML core 8.3), a claim in the NameID's place, what is kept of an account."""

import pytest

from gatekeeper.directory.models import SignIn, SignInIdentity
from saml.connections.claims import set_person_claim
from saml.debugger.presentation import attempt_reason, presentation_of
from saml.models import SignInAttempt
from tests.builders import ADMIN
from tests.saml.conftest import refusals
from tests.saml.forge import OBJECT_ID
from tests.saml.logout.test_logout import logout_request, send

pytestmark = pytest.mark.django_db
CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
ADA = "ada.obi@contoso.com"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
WINDOWS = "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName"
OPAQUE = "Xb7f+Q9kD1s2/opaque=="


def name_id(value, name_format):
    stated = f' Format="{name_format}"' if name_format else ""
    return f"<saml:NameID{stated}>{value}</saml:NameID>"


@pytest.fixture
def by_claim(browser):
    set_person_claim(browser.connection.id, CLAIM, actor=ADMIN)
    browser.connection.refresh_from_db()
    return browser


@pytest.mark.parametrize("name_format", [EMAIL, UNSPECIFIED, "", PERSISTENT, EMAIL.replace(":1.1:", ":2.0:")])
def test_a_name_id_that_is_the_work_email_signs_in_whatever_its_format(browser, ada, name_format):
    """SAML core 2.2.2 (no format is unspecified), 8.3.1, 8.3.2 and 8.3.7."""
    browser.sign_on(name_id_xml=name_id(ADA, name_format))

    assert browser.is_signed_in


@pytest.mark.parametrize(
    ("name_format", "words"), [(TRANSIENT, "another one at each sign-in"), (WINDOWS, "Windows domain name")]
)
def test_a_name_id_that_can_name_nobody_is_refused_with_advice(browser, ada, name_format, words):
    """SAML core 8.3.8 (transient) and 8.3.4 (Windows)."""
    browser.sign_on(name_id_xml=name_id(ADA, name_format))

    attempt = SignInAttempt.objects.get()
    assert attempt.failed_check == "has_a_known_name_format"
    assert words in attempt_reason(attempt)
    assert "Email address" in presentation_of(attempt).failing_step.advice


@pytest.mark.parametrize("name_format", [PERSISTENT, TRANSIENT, UNSPECIFIED, EMAIL])
def test_a_claim_names_the_person_in_place_of_an_opaque_name_id(by_claim, ada, name_format):
    by_claim.sign_on(name_id_xml=name_id(OPAQUE, name_format), attributes=((CLAIM, "ADA.obi@contoso.com"),))

    assert by_claim.is_signed_in
    assert SignIn.objects.get().name_id == OPAQUE


def test_a_windows_name_is_refused_even_beside_a_claim(by_claim, ada):
    """SAML core 8.3.4."""
    by_claim.sign_on(name_id_xml=name_id("CONTOSO\\ada", WINDOWS), attributes=((CLAIM, ADA),))

    assert refusals()[0].after["check"] == "has_a_known_name_format"


def test_with_a_claim_chosen_the_name_id_names_nobody(by_claim, ada):
    by_claim.sign_on(attributes=((CLAIM, "nobody@contoso.com"),))

    assert refusals()[0].after["check"] == "unknown_person"


def test_a_persistent_name_id_is_remembered_and_another_one_is_somebody_else(by_claim, ada):
    """SAML core 8.3.7."""
    by_claim.sign_on(name_id_xml=name_id(OPAQUE, PERSISTENT), attributes=((CLAIM, ADA),))
    by_claim.leave()

    by_claim.sign_on(
        name_id_xml=name_id("another", PERSISTENT), attributes=((CLAIM, ADA),), assertion_id="_2", response_id="_r2"
    )

    assert SignInIdentity.objects.get().persistent_id == OPAQUE
    assert refusals()[0].after["check"] == "other_person"
    assert not by_claim.is_signed_in


def test_an_object_id_comes_before_a_persistent_name_id_which_may_then_change(by_claim, ada):
    """An application made anew in Entra has other pairwise NameIDs for the same accounts (SAML core 8.3.7)."""
    account = (OBJECT_ID, "7c1"), (CLAIM, ADA)
    by_claim.sign_on(name_id_xml=name_id(OPAQUE, PERSISTENT), attributes=account)
    by_claim.leave()

    by_claim.sign_on(
        name_id_xml=name_id("another", PERSISTENT), attributes=account, assertion_id="_2", response_id="_r2"
    )

    assert by_claim.is_signed_in
    identity = SignInIdentity.objects.get()
    assert (identity.object_id, identity.persistent_id) == ("7c1", "")


def test_an_account_id_that_is_not_sent_any_more_shuts_nobody_out(browser, ada):
    browser.sign_on(attributes=((OBJECT_ID, "7c1"),))
    browser.leave()

    browser.sign_on(assertion_id="_2", response_id="_r2")

    assert browser.is_signed_in
    assert SignInIdentity.objects.get().object_id == "7c1"


def test_a_transient_name_id_is_not_remembered(by_claim, ada):
    """SAML core 8.3.8."""
    by_claim.sign_on(name_id_xml=name_id("_t1", TRANSIENT), attributes=((CLAIM, ADA),))

    identity = SignInIdentity.objects.get()
    assert (identity.object_id, identity.persistent_id, identity.name_id) == ("", "", ADA)


def test_a_logout_request_names_the_name_id_that_was_received(by_claim, ada):
    """SAML core 3.7.3.1 and 3.3.4 (matching of identifiers)."""
    by_claim.sign_on(name_id_xml=name_id(OPAQUE, PERSISTENT), attributes=((CLAIM, ADA),))

    send(by_claim.connection, logout_request(by_claim.connection, name_id=ADA, message_id="_l1"))
    assert SignIn.objects.live().exists()
    send(by_claim.connection, logout_request(by_claim.connection, name_id=OPAQUE, message_id="_l2"))
    assert not SignIn.objects.live().exists()
