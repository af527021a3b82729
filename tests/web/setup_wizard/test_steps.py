"""What the bearer of a link does, from the metadata to a connection that is switched on, and from the key to people."""

import base64
import itertools
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import SignIn
from gatekeeper.setup_links.progress import ticks_of
from saml.connections.lifecycle import create_connection, delete_connection, refresh_connection
from saml.connections.switching_on import NotTested, switch_on
from saml.models import Connection, SignInAttempt
from scim.credentials.api_keys import KEYS
from tests.builders import ADMIN
from tests.saml.conftest import Browser, choose, sent_message
from tests.saml.forge import SIGNING_STYLE, fingerprint, metadata, signed_response
from tests.saml.keys import key_pair
from tests.scim.conftest import ScimClient
from tests.web.pages import text_of
from tests.web.setup_wizard.conftest import Bearer


@pytest.fixture
def connection(db: None) -> Connection:
    """A connection that was there before, of an identity provider whose answers the tests can sign."""
    return create_connection("Entra", document=metadata(), actor=ADMIN)


def seen(bearer: Bearer) -> set[str]:
    return {tick.name for tick in ticks_of(bearer.link) if tick.done}


def upload(bearer: Bearer, document: bytes, path: str = "sign-on/") -> Any:
    return bearer.post(path, {"metadata_file": SimpleUploadedFile("metadata.xml", document, "text/xml")})


def connect(bearer: Bearer) -> Connection:
    answer = upload(bearer, metadata())
    assert answer.status_code == 302, text_of(answer)
    made = bearer.link.connection
    assert made is not None
    return made


def try_sign_in(bearer: Bearer, *, page: str = "sign-on/", **facts: Any) -> Any:
    """The whole test sign-in with a signed answer; returns the page on which the bearer lands."""
    link = bearer.link
    assert link.connection is not None
    begun = bearer.get("test-sign-in/")
    assert begun.status_code == 302
    facts = {f"{each}_id": f"_{each}{link.connection.attempts.count()}" for each in ("response", "assertion")} | facts
    browser = Browser(link.connection, bearer.browser)
    request_id = sent_message(begun.headers["Location"], "SAMLRequest").get("ID")
    keys = facts.pop("keys", None)
    answer = browser.post(signed_response(browser.facts(request_id, **facts), keys))
    assert (answer.status_code, answer.headers["Location"]) == (302, bearer.base + page), text_of(answer)
    return bearer.get(page)


def test_a_connection_of_the_wizard_begins_switched_off_and_is_offered_to_nobody(
    make_bearer: Callable[..., Bearer],
) -> None:
    bearer = make_bearer("saml", product="entra").start()

    made = connect(bearer)

    assert made.test_only
    assert f"/saml/{made.id}/sso" not in Client().get("/sign-in/").content.decode()
    assert Client().get(f"/saml/{made.id}/sso").status_code == 403
    assert seen(bearer) == {"metadata"}
    page = bearer.get("sign-on/").content.decode()
    for end in ("metadata", "sso", "acs", "logout"):
        assert f"/saml/{made.id}/{end}" in page
    assert "Reply URL (Assertion Consumer Service URL)" in page


def test_it_is_switched_on_after_a_test_and_by_nobody_before(
    make_bearer: Callable[..., Bearer], admin_client: Client
) -> None:
    bearer = make_bearer("saml").start()
    made = connect(bearer)

    assert "Switch sign-in on" not in re.findall(
        r"<button[^>]*>([^<]*)</button>", bearer.get("sign-on/").content.decode()
    )
    assert bearer.post("switch-on/").status_code == 302
    admin_client.post(f"/settings/configuration/authentication/{made.id}/switch-on/")
    with pytest.raises(NotTested):
        switch_on(made.id, actor=ADMIN)
    assert Connection.objects.get(pk=made.pk).test_only

    page = try_sign_in(bearer)

    assert "The test sign-in succeeded." in text_of(page)
    assert seen(bearer) == {"metadata", "tested"}
    assert bearer.post("switch-on/").status_code == 302
    assert not Connection.objects.get(pk=made.pk).test_only
    assert seen(bearer) == {"metadata", "tested", "switched_on"}
    assert f"/saml/{made.id}/sso" in Client().get("/sign-in/").content.decode()


def test_a_test_opens_no_session_of_anybody(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("saml").start()
    connect(bearer)
    try_sign_in(bearer)

    assert not SignIn.objects.exists()
    assert bearer.browser.get("/").status_code == 302
    assert "gatekeeper_session" not in bearer.browser.cookies


def test_a_test_that_fails_says_what_to_change_and_switches_nothing_on(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("saml", product="entra").start()
    made = connect(bearer)

    page = text_of(try_sign_in(bearer, audiences=(("https://elsewhere.example",),)))

    assert "The test sign-in did not succeed." in page
    assert "Identifier (Entity ID)" in page
    bearer.post("switch-on/")
    assert Connection.objects.get(pk=made.pk).test_only


def test_other_certificates_after_the_test_want_another_test(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("saml").start()
    made = connect(bearer)
    try_sign_in(bearer)
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        refresh_connection(made.id, actor=ADMIN, document=metadata(key_pair("other")))

        assert "tested" not in seen(bearer)
        bearer.post("switch-on/")
    assert Connection.objects.get(pk=made.pk).test_only


def test_a_connection_with_domains_is_switched_on_by_administrators(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("saml").start()
    made = connect(bearer)
    try_sign_in(bearer)
    choose(made, domains=("contoso.com",))

    answer = bearer.browser.post(f"{bearer.base}switch-on/", follow=True)

    assert "An administrator of this site has to do that." in text_of(answer)
    assert Connection.objects.get(pk=made.pk).test_only


@pytest.mark.parametrize(
    ("document", "words"),
    [(b"<html>", "was not accepted"), (b"", "was not accepted"), (b"{}", "was not accepted")],
)
def test_metadata_that_is_none_is_refused_in_words_and_makes_nothing(
    make_bearer: Callable[..., Bearer], document: bytes, words: str
) -> None:
    bearer = make_bearer("saml").start()

    answer = upload(bearer, document)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert Connection.objects.count() == 1


def test_a_link_makes_one_connection(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("saml").start()
    connect(bearer)

    answer = upload(bearer, metadata())

    assert answer.status_code == 302
    assert "made with this link already" in text_of(bearer.get("sign-on/"))
    assert Connection.objects.count() == 2


def test_after_an_administrator_deleted_it_another_one_can_be_made(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("saml").start()
    made = connect(bearer)
    delete_connection(made.id, confirm=made.name, actor=ADMIN)

    page = bearer.get("sign-on/")
    assert "deleted by an administrator" in text_of(page)
    for path, method in (("test-sign-in/", bearer.get), ("switch-on/", bearer.post)):
        answer = method(path)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{bearer.base}sign-on/")
    assert seen(bearer) == set()
    assert connect(bearer).pk != made.pk


def test_metadata_is_not_read_as_often_as_anybody_likes(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("saml").start()

    assert any("too often" in text_of(bearer.post("sign-on/", {"metadata_text": "x"})) for _ in range(200))


def test_the_key_is_made_once_shown_once_and_works_beside_the_others(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("scim").start()

    shown = bearer.post("provisioning/key/").content.decode()

    text = shown.split('value="gk_')[1].split('"')[0]
    assert KEYS.is_well_formed(f"gk_{text}")
    assert text not in bearer.get("provisioning/").content.decode()
    assert bearer.post("provisioning/key/").status_code == 302
    key = bearer.link.api_key
    assert key is not None
    assert key.name == "Set-up link: Ada <ada@contoso.com>"


def test_what_arrives_over_scim_is_ticked_off(make_bearer: Callable[..., Bearer]) -> None:
    bearer, other = make_bearer("scim").start(), make_bearer("scim").start()
    shown = bearer.post("provisioning/key/").content.decode()
    other.post("provisioning/key/")
    scim = ScimClient("gk_" + shown.split('value="gk_')[1].split('"')[0])
    ticks = [seen(bearer)]

    scim.find("/Users", 'userName eq "nobody"')
    ticks.append(seen(bearer))
    person = scim.user("bo@contoso.com")
    ticks.append(seen(bearer))
    scim.group("GK Legal", person["id"])
    ticks.append(seen(bearer))

    assert ticks[0] == {"key"}
    assert [new - old for old, new in itertools.pairwise(ticks)] == [
        {"first_request"},
        {"first_user"},
        {"first_group"},
    ]
    assert seen(other) == {"key"}
    fragment = bearer.get("seen/provisioning/").content.decode()
    assert fragment.count("data-done") == 4
    assert other.get("seen/provisioning/").content.decode().count("data-done") == 1


def test_a_certificate_link_shows_the_difference_and_then_takes_it(
    make_bearer: Callable[..., Bearer], connection: Connection
) -> None:
    bearer, new = make_bearer("certificate").start(), key_pair("renewed")
    document = metadata(new)

    shown = upload(bearer, document, "certificate/")

    assert shown.status_code == 200
    assert "What would change at Entra" in text_of(shown)
    assert [each.sha256 for each in connection.signing_certificates()] != [fingerprint(new)]
    html = shown.content.decode()
    fields = {
        name: html.split(f'name="{name}"')[1].split('value="')[1].split('"')[0] for name in ("fingerprint", "document")
    }
    assert bearer.post("certificate/confirm/", fields).status_code == 302
    assert [each.sha256 for each in connection.signing_certificates()] == [fingerprint(new)]
    assert seen(bearer) == {"new_certificate"}
    try_sign_in(bearer, page="certificate/", keys=new)
    assert seen(bearer) == {"new_certificate", "signed"}
    assert SignInAttempt.objects.latest("pk").statement["signed_with"] == fingerprint(new)


def test_a_sign_in_with_the_former_certificate_is_not_the_new_one(
    make_bearer: Callable[..., Bearer], connection: Connection
) -> None:
    bearer, new = make_bearer("certificate").start(), key_pair("renewed")
    refresh_connection(connection.id, actor=ADMIN, document=metadata(SIGNING_STYLE.keys, new))

    try_sign_in(bearer, page="certificate/")
    assert seen(bearer) == {"new_certificate"}
    try_sign_in(bearer, page="certificate/", keys=new)
    assert seen(bearer) == {"new_certificate", "signed"}


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"entity_id": "https://sts.windows.net/another/"}, "cannot be taken"),
        ({"sso_url": "https://evil.example/saml2"}, "An administrator of this site has to do that."),
    ],
)
def test_a_certificate_link_never_moves_sign_in_elsewhere(
    make_bearer: Callable[..., Bearer], connection: Connection, facts: dict[str, str], words: str
) -> None:
    bearer, before = make_bearer("certificate").start(), connection.document_sha256

    answer = upload(bearer, metadata(**facts), "certificate/")

    assert answer.status_code == 422
    assert words in text_of(answer)
    posted = {"document": base64.b64encode(metadata(**facts)).decode(), "fingerprint": "0" * 64}
    assert bearer.post("certificate/confirm/", posted).status_code in (302, 422)
    assert Connection.objects.get(pk=connection.pk).document_sha256 == before


def test_another_document_than_the_one_that_was_shown_is_shown_anew(
    make_bearer: Callable[..., Bearer], connection: Connection
) -> None:
    bearer = make_bearer("certificate").start()
    posted = {"document": base64.b64encode(metadata(key_pair("renewed"))).decode(), "fingerprint": "0" * 64}

    answer = bearer.post("certificate/confirm/", posted)

    assert answer.status_code == 200
    assert "It is not what you were shown" in text_of(answer)
    assert fingerprint(key_pair("renewed")) not in [each.sha256 for each in connection.signing_certificates()]


def test_every_step_is_in_the_audit_trail_by_its_bearer(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("both").start()
    bearer.post("product/", {"product": "entra"})
    connect(bearer)
    try_sign_in(bearer)
    bearer.post("switch-on/")
    bearer.post("provisioning/key/")
    bearer.browser.post(f"{bearer.open_address}ask/")
    bearer.post("finish/")

    entries = AuditEntry.objects.filter(actor_kind="setup_link", actor_id=str(bearer.link_id)).order_by("pk")

    assert {each.actor_name for each in entries} == {"set-up link of Ada <ada@contoso.com>"}
    happened = list(entries.values_list("event", flat=True))
    wanted = [
        "setup_link.opened",
        "setup_link.product_chosen",
        "connection.created",
        "setup_link.test_begun",
        "connection.switched_on",
        "api_key.generated",
        "setup_link.new_link_asked_for",
        "setup_link.finished",
    ]
    assert [each for each in happened if each in wanted] == wanted


def test_a_site_without_a_fallback_team_takes_all_of_it(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("both").start()
    connect(bearer)
    shown = bearer.post("provisioning/key/").content.decode()

    answer = ScimClient("gk_" + shown.split('value="gk_')[1].split('"')[0]).post("/Users", {"userName": "bo@x.org"})

    assert answer.status_code == 201


def test_the_pages_ask_few_statements(make_bearer: Callable[..., Bearer], django_assert_max_num_queries: Any) -> None:
    bearer = make_bearer("both").start()
    connect(bearer)
    bearer.post("provisioning/key/")
    try_sign_in(bearer)

    for path in ("", "sign-on/", "provisioning/", "seen/sign_on/", "seen/provisioning/"):
        with django_assert_max_num_queries(12):
            assert bearer.get(path).status_code == 200


def test_it_speaks_german(make_bearer: Callable[..., Bearer]) -> None:
    bearer = make_bearer("both", product="entra")
    german = {"HTTP_ACCEPT_LANGUAGE": "de"}

    assert (
        "Verbinden Sie Ihren Identitätsanbieter" in bearer.browser.get(bearer.open_address, **german).content.decode()
    )
    bearer.start()
    assert "Testanmeldung" in bearer.browser.get(f"{bearer.base}sign-on/", **german).content.decode()
