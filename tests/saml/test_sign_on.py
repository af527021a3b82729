"""Signing on, as a browser does it: what is accepted, where people land, what those read who cannot sign in."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.local_accounts.accounts import create_local_administrator
from gatekeeper.directory.models import SignIn, SignInIdentity
from gatekeeper.sessions.browser_session import SESSION_KEY
from saml.connections.lifecycle import create_connection
from saml.debugger.presentation import presentation_of
from saml.messages.replay_protection import PENDING_FOR
from saml.models import PendingRequest, SignInAttempt, UsedMessage
from saml.validation import allow_list
from saml.xml.parser import parse
from tests.builders import ADMIN, PASSWORD, link, make_user
from tests.saml.conftest import Browser, refusals, sent_message
from tests.saml.forge import ENTITY_ID, OBJECT_ID, TENANT, TENANT_ID, metadata, sign, signed_response
from tests.saml.keys import key_pair

pytestmark = pytest.mark.django_db


def test_a_linked_person_is_signed_in_and_their_session_index_is_kept(browser, ada):
    """SAML profiles 4.1.4.3, core 2.7.2: SessionIndex."""
    answer = browser.sign_on()

    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    sign_in = SignIn.objects.get()
    assert (sign_in.user_id, sign_in.provider_id) == (ada.id, browser.connection.id)
    assert sign_in.session_index == "_s0000000000000001"
    assert AuditEntry.objects.filter(event="sign_in.accepted").count() == 1
    assert SignInAttempt.objects.get().accepted


def test_the_name_id_may_come_in_another_case(browser, ada):
    browser.sign_on(name_id="ADA.Obi@Contoso.com")

    assert browser.is_signed_in


def test_the_session_key_is_a_new_one(browser, ada):
    session = browser.client.session
    session["kept"] = "by an attacker"
    session.save()
    before = session.session_key

    browser.sign_on()

    assert browser.client.session.session_key != before
    assert "kept" not in browser.client.session


def test_the_authn_request_asks_for_nothing_that_entra_refuses(browser):
    """SAML core 1.3.4 (the ID) and 3.4.1, profiles 4.1.4.1."""
    location = browser.client.get(f"/saml/{browser.connection.id}/sso").headers["Location"]
    request = sent_message(location, "SAMLRequest")

    assert request.get("Destination") == browser.connection.sso_url
    assert request.get("AssertionConsumerServiceURL").endswith(f"/saml/{browser.connection.id}/acs")
    assert not request.get("ID")[0].isdigit()
    assert [child.tag.rpartition("}")[2] for child in request] == ["Issuer"]


def test_a_response_and_an_assertion_that_are_both_signed_are_accepted(browser, ada):
    """SAML core 5.1 and 5.2."""
    browser.post(sign(signed_response(browser.facts(browser.begin()))))

    assert browser.is_signed_in


def test_the_allow_list_reads_a_response_a_single_time(browser, ada, monkeypatch):
    """SAML core 5: what was accepted is what is verified; the same bytes are not parsed and walked again."""
    read = []

    def counting(document, *, limit):
        read.append(document)
        return parse(document, limit=limit)

    monkeypatch.setattr(allow_list, "parse", counting)
    browser.sign_on()

    assert browser.is_signed_in
    assert len(read) == 1


@pytest.mark.parametrize(
    "facts",
    [
        {"begins": timedelta(seconds=90)},
        {"ends": -timedelta(seconds=90)},
        {"attributes": ((TENANT_ID, TENANT.upper()),)},
        {"attributes": (("groups", "1"), ("groups", "2"))},
        {"audiences": (("SELF", "https://other.example"),)},
    ],
)
def test_what_is_within_the_skew_or_merely_more_is_accepted(browser, ada, facts):
    """SAML core 1.3.3 and 2.5.1.2 (times), 2.5.1.4 (Audience), 2.7.3.1 (Attribute)."""
    browser.sign_on(**facts)

    assert browser.is_signed_in


def test_people_land_on_the_path_that_they_asked_for(browser, ada):
    """SAML bindings 3.5.3: RelayState."""
    request_id = browser.begin("/settings/configuration/?tab=1")

    answer = browser.post(signed_response(browser.facts(request_id)), RelayState="https://evil.example/")

    assert answer.headers["Location"] == "/settings/configuration/?tab=1"


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=1",
        "http:evil.example",
        "user@evil.example",
        "/" + "a" * 2001,
        "",
    ],
)
def test_people_never_land_on_another_site(browser, ada, path):
    request_id = browser.begin(path)

    answer = browser.post(signed_response(browser.facts(request_id)), RelayState=path)

    assert answer.headers["Location"] == "/"


def test_an_unsolicited_response_begins_a_sign_on_instead(browser, ada):
    """SAML profiles 4.1.5."""
    answer = browser.post(signed_response(browser.facts(None)), RelayState="/profile/")

    assert answer.status_code == 302
    assert sent_message(answer.headers["Location"], "SAMLRequest").get("ID") == PendingRequest.objects.get().pk
    assert PendingRequest.objects.get().relay_path == "/profile/"
    assert not browser.is_signed_in
    assert refusals() == []
    assert SignInAttempt.objects.get().begun_here


def test_an_identity_provider_that_never_names_the_request_does_not_go_round_in_circles(browser, ada):
    """SAML core 3.2.2 (InResponseTo), profiles 4.1.5."""
    browser.post(signed_response(browser.facts(None)))

    answer = browser.post(signed_response(browser.facts(None)))

    assert answer.status_code == 403


def test_an_unsolicited_response_is_taken_where_the_connection_allows_it(browser, ada):
    """SAML profiles 4.1.5."""
    browser.accept_idp_initiated()

    answer = browser.post(signed_response(browser.facts(None)), RelayState="/profile/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/profile/")
    assert browser.is_signed_in


def test_a_sign_on_that_took_too_long_is_refused(browser, ada):
    """SAML profiles 4.1.4.3: InResponseTo names a request that is still pending."""
    request_id = browser.begin()
    with time_machine.travel(PendingRequest.objects.get().expires + timedelta(seconds=1)):
        answer = browser.post(signed_response(browser.facts(request_id)))

    assert answer.status_code == 403
    assert timedelta(minutes=5) < PENDING_FOR < timedelta(hours=1)


def test_two_tabs_can_sign_on_beside_each_other(browser, ada):
    """SAML profiles 4.1.4.3: each answer by its InResponseTo."""
    first, second = browser.begin("/one"), browser.begin("/two")

    assert browser.post(signed_response(browser.facts(second, assertion_id="_2"))).headers["Location"] == "/two"
    answer = browser.post(signed_response(browser.facts(first, assertion_id="_1", response_id="_r1")))
    assert answer.headers["Location"] == "/one"


def test_who_is_not_linked_yet_reads_when_the_next_sync_runs(browser, ada, settings):
    make_user("new.person@contoso.com")
    settings.TIME_ZONE = "Europe/Helsinki"

    with time_machine.travel("2026-11-24T12:50:00+00:00"):
        answer = browser.sign_on(name_id="new.person@contoso.com")

    page = answer.content.decode()
    assert answer.status_code == 403
    assert "15:45" in page
    assert "(EET)" in page
    assert "Reference number" in page
    assert refusals()[0].request_id in page
    assert refusals()[0].after["check"] == "awaiting_saml_sync"
    assert SignInAttempt.objects.get().user.user_name == "new.person@contoso.com"


def test_an_unknown_person_reads_so_and_learns_nothing_of_others(browser, ada):
    answer = browser.sign_on(name_id="nobody@contoso.com")

    assert answer.status_code == 403
    assert "Ask your administrator" in answer.content.decode()
    assert not browser.is_signed_in


def test_saml_never_signs_in_a_local_administrator(browser, ada):
    create_local_administrator("root@contoso.com", PASSWORD, actor=ADMIN)

    browser.sign_on(name_id="root@contoso.com")
    link()  # what the sync makes of it
    browser.sign_on(name_id="ROOT@contoso.com", assertion_id="_2", response_id="_r2")

    assert not browser.is_signed_in
    assert [entry.after["check"] for entry in refusals()] == ["unknown_person"] * 2


def test_saml_signs_in_the_provisioned_person_of_the_same_name_and_not_the_local_one(browser, ada):
    local = create_local_administrator("root@contoso.com", PASSWORD, actor=ADMIN)
    person = make_user("root@contoso.com")
    link()

    browser.sign_on(name_id="root@contoso.com")

    assert SignIn.objects.live().get().user == person
    assert not local.sign_ins.exists()


def test_even_a_link_to_a_local_administrator_lets_nobody_in(browser, ada):
    local = create_local_administrator("root@contoso.com", PASSWORD, actor=ADMIN)
    SignInIdentity.objects.create(
        user=local,
        provider_id=browser.connection.id,
        name_id="root@contoso.com",
        name_id_folded="root@contoso.com",
    )

    assert browser.sign_on(name_id="root@contoso.com").status_code == 403
    assert not browser.is_signed_in


def test_a_recycled_address_is_not_the_same_person(browser, ada):
    browser.sign_on(attributes=((OBJECT_ID, "first"),))
    browser.leave()

    answer = browser.sign_on(attributes=((OBJECT_ID, "second"),), assertion_id="_2", response_id="_r2")

    assert answer.status_code == 403
    assert refusals()[0].after["check"] == "other_person"


def test_a_second_connection_cannot_assert_the_first_ones_people(browser, ada):
    """Linked at the first only: the second came after the last sync (SAML profiles 4.1.4.2: Issuer)."""
    other = create_connection(
        "Other", document=metadata(key_pair("other"), entity_id="https://other.example/"), actor=ADMIN
    )
    second = Browser(other, Client())
    facts = second.facts(second.begin(), issuer="https://other.example/", response_issuer="https://other.example/")

    answer = second.post(signed_response(facts, key_pair("other")))

    assert answer.status_code == 403
    assert SESSION_KEY not in second.client.session


def test_an_answer_to_one_connection_does_not_fit_another(browser, ada):
    """SAML core 2.5.1.4, profiles 4.1.4.3 (Recipient, InResponseTo)."""
    twin = create_connection("Twin", document=metadata(), actor=ADMIN)
    link()
    request_id = browser.begin()
    response = signed_response(browser.facts(request_id))

    answer = Browser(twin, browser.client).post(response)

    assert answer.status_code == 403
    assert not browser.is_signed_in


def test_an_expired_certificate_does_not_sign_anybody_in(browser, ada):
    """RFC 5280 4.1.2.5."""
    browser.begin()
    with time_machine.travel(browser.connection.signing_certificates()[0].not_after + timedelta(seconds=1)):
        answer = browser.sign_on(now=browser.connection.signing_certificates()[0].not_after + timedelta(seconds=1))

    assert answer.status_code == 403
    assert refusals()[0].after["check"] == "has_current_certificate"


def test_used_messages_are_remembered_until_they_would_have_expired_anyway(browser, ada):
    """SAML profiles 4.1.4.5."""
    browser.sign_on(ends=timedelta(minutes=60))

    kept = UsedMessage.objects.first().expires - SignIn.objects.get().since
    assert timedelta(minutes=61) < kept < timedelta(minutes=63)


def test_the_acs_takes_posts_only_and_needs_a_response(browser):
    """SAML bindings 3.5.4."""
    address = f"/saml/{browser.connection.id}/acs"

    assert browser.client.get(address, {"SAMLResponse": "x"}).status_code == 405
    assert browser.client.post(address).status_code == 400
    assert browser.client.post(address, data="<x/>", content_type="application/xml").status_code == 400


def test_an_unknown_connection_is_not_found(db, client):
    for name in ("metadata", "sso", "acs", "logout"):
        assert client.get(f"/saml/00000000-0000-4000-8000-000000000000/{name}").status_code in {404, 405}


def test_our_metadata_wants_signed_assertions_and_names_our_addresses(browser):
    """SAML metadata 2.4.4; appendix A: the media type."""
    answer = browser.client.get(f"/saml/{browser.connection.id}/metadata")

    assert answer.headers["Content-Type"] == "application/samlmetadata+xml"
    document = answer.content.decode()
    assert 'WantAssertionsSigned="true"' in document
    assert f'entityID="http://testserver/saml/{browser.connection.id}/metadata"' in document
    assert f'Location="http://testserver/saml/{browser.connection.id}/acs"' in document


def test_the_binding_cookie_travels_across_sites_over_https_only(browser, settings):
    plain = browser.client.get(f"/saml/{browser.connection.id}/sso").cookies["gatekeeper_saml"]
    settings.PUBLIC_URL = "https://gk.example"
    secure = browser.client.get(f"/saml/{browser.connection.id}/sso").cookies["__Host-gatekeeper_saml"]

    assert (plain["samesite"], plain["secure"], plain["httponly"]) == ("Lax", "", True)
    assert (secure["samesite"], secure["secure"], secure["httponly"], secure["path"]) == ("None", True, True, "/")


def test_a_forced_sign_on_asks_for_it_and_refuses_an_old_authentication(browser, ada):
    """SAML core 3.4.1 (ForceAuthn) and 2.7.2 (AuthnInstant)."""
    location = browser.client.get(f"/saml/{browser.connection.id}/sso", {"force": "1"}).headers["Location"]
    request = sent_message(location, "SAMLRequest")
    assert request.get("ForceAuthn") == "true"

    response = browser.facts(request.get("ID"), authenticated=-timedelta(minutes=10))
    assert browser.post(signed_response(response)).status_code == 403
    assert refusals()[0].after["check"] == "is_a_new_authentication"
    assert browser.post(signed_response(browser.facts(request.get("ID")))).status_code == 302


def test_an_attempt_shows_each_check_and_what_to_change(browser, ada):
    browser.sign_on(audiences=(), attributes=(("mail", "ada.obi@contoso.com"),))

    attempt = SignInAttempt.objects.get()
    states = {step.name: step.state for step in presentation_of(attempt).steps}
    assert states["is_signed_by_the_connection"] == "passed"
    assert states["is_meant_for_us"] == "failed"
    assert states["is_used_once"] == "not reached"
    assert "Identifier (Entity ID)" in "".join(step.advice for step in presentation_of(attempt).steps)
    assert attempt.statement["name_id"] == "a•••@c•••"
    assert attempt.statement["attributes"] == {"mail": "a•••@c•••"}
    assert attempt.statement["issuer"] == ENTITY_ID


def test_the_issuer_ends_with_a_slash_as_entra_writes_it(connection):
    """SAML core 2.2.5 and 8.3.6."""
    assert connection.idp_entity_id == ENTITY_ID
    assert ENTITY_ID.endswith("/")
