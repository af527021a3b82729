"""The pages of a SAML connection: certificates in days, settings, the pin, and a look before metadata is replaced."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.identity_linking.home_realm_discovery import domains_of
from saml.connections.lifecycle import create_connection, refresh_connection
from saml.connections.settings import edit_connection, settings_of
from saml.models import Connection
from tests.builders import ADMIN, link, make_user
from tests.saml.forge import ENTITY_ID, fingerprint, signed_metadata
from tests.saml.forge import metadata as entra_metadata
from tests.saml.idp import running_idp
from tests.saml.keys import key_pair
from tests.web.pages import queries_of, text_of

PAGE = "/settings/configuration/authentication/"
OLD, NEW, SIGNER = key_pair(), key_pair("next"), key_pair("metadata signer")


@pytest.fixture
def connection(db: None) -> Connection:
    return create_connection("Entra", document=entra_metadata(OLD), actor=ADMIN)


def address(name: str, connection: Connection) -> str:
    return reverse(f"web:{name}", args=(connection.id,))


def upload(document: bytes) -> dict[str, SimpleUploadedFile]:
    return {"metadata_file": SimpleUploadedFile("m.xml", document)}


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}"\s+value="([^"]*)"', text)
    assert found, text
    return found[1]


def settings(connection: Connection, **changed: str) -> dict[str, str]:
    return {"name": connection.name, "metadata_url": "", "domains": "", "pin": "", **changed}


# ── Certificates ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_certificate_is_shown_with_its_days(admin_client: Client, db: None) -> None:
    keys = (key_pair("old", days=-3), key_pair("soon", days=6), key_pair("long", days=300))
    later = key_pair("coming", days=300, began_days_ago=-10)
    create_connection("Entra", document=entra_metadata(*keys, later), actor=ADMIN)

    text = text_of(admin_client.get(PAGE))

    for words in ("expired 3 days ago", "5 days left", "299 days left", "not valid yet, begins in 9 days"):
        assert words in text
    assert f"The signing certificate {fingerprint(keys[1])[:8]}… expires in 5 days" in text
    assert "see that the identity provider signs with it by then" in text


def test_the_page_warns_when_the_last_certificate_runs_out(admin_client: Client, connection: Connection) -> None:
    ends = connection.signing_certificates()[0].not_after
    for days, words in ((40, None), (29, "expires in 29 days"), (0, "expires in less than a day")):
        with time_machine.travel(ends - timedelta(days=days, hours=1), tick=False):
            admin_client.post("/sign-in/", {"email": "root@example.com", "password": "correct horse battery staple"})
            text = text_of(admin_client.get(PAGE))
        assert ("The last signing certificate" in text) is (words is not None)
        assert (words or "Not tried yet") in text


# ── A new connection ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_connection_is_made_with_domains_and_a_pin(admin_client: Client) -> None:
    data = {"name": "Partner", "domains": "Partner.com, @sub.partner.com", "pin": fingerprint(SIGNER).upper()}

    answer = admin_client.post(f"{PAGE}new/", {**data, "metadata_text": signed_metadata(SIGNER).decode("utf-8-sig")})

    assert answer.status_code == 302
    connection = Connection.objects.get()
    assert domains_of(connection.id) == ("partner.com", "sub.partner.com")
    assert connection.metadata_pin == fingerprint(SIGNER)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"metadata_text": "x" * 1_100_000}, "larger than 1 MB"),
        ({**upload(b"x" * 1_100_000)}, "larger than 1 MB"),
        ({**upload(b"")}, "The metadata was not accepted"),
        ({"metadata_text": "<a/>", **upload(b"<a/>")}, "either the file or the text"),
        ({"domains": "nonsense", **upload(entra_metadata())}, "nonsense is no e-mail domain"),
        ({"pin": "1234", **upload(entra_metadata())}, "64 hexadecimal digits"),
        ({"pin": fingerprint(SIGNER), **upload(entra_metadata())}, "it is not signed"),
    ],
)
def test_what_will_not_do_is_said_on_the_page_and_makes_nothing(admin_client: Client, data: dict, words: str) -> None:
    for value in data.values():
        if isinstance(value, SimpleUploadedFile):
            value.seek(0)

    answer = admin_client.post(f"{PAGE}new/", data)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Connection.objects.exists()


# ── Settings ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_form_changes_name_domains_pin_and_where_sign_in_may_begin(
    admin_client: Client, connection: Connection
) -> None:
    wanted = settings(connection, name="Contoso", domains="contoso.com\nfabrikam.com", accept_idp_initiated="on")

    text = text_of(admin_client.post(address("connection_settings", connection), wanted, follow=True))

    assert "The settings of Contoso are saved." in text
    connection = Connection.objects.get()
    assert settings_of(connection).domains == ("contoso.com", "fabrikam.com")
    assert (connection.name, connection.accept_idp_initiated) == ("Contoso", True)
    events = set(AuditEntry.objects.values_list("event", flat=True))
    assert {"connection.renamed", "connection.domains_set", "connection.changed"} <= events

    admin_client.post(address("connection_settings", connection), settings(connection))
    assert not Connection.objects.get().accept_idp_initiated
    assert domains_of(connection.id) == ()


def test_settings_that_stay_the_same_leave_no_trace(admin_client: Client, connection: Connection) -> None:
    before = AuditEntry.objects.count()

    admin_client.post(address("connection_settings", connection), settings(connection))

    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name": ""}, "Give the connection a name"),
        ({"domains": "a b"}, "a is no e-mail domain"),
        ({"domains": "partner.com"}, "belongs to the connection Partner"),
        ({"pin": "xyz"}, "64 hexadecimal digits"),
        ({"metadata_url": "http://169.254.169.254/"}, "The metadata was not accepted"),
    ],
)
def test_settings_that_will_not_do_are_refused_beside_their_field(
    admin_client: Client, connection: Connection, changed: dict[str, str], words: str
) -> None:
    create_connection("Partner", document=entra_metadata(OLD), domains=["partner.com"], actor=ADMIN)
    before = settings_of(connection)

    answer = admin_client.post(address("connection_settings", connection), settings(connection, **changed))

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert settings_of(Connection.objects.get(pk=connection.pk)) == before


def test_several_connections_without_domains_are_warned_about(admin_client: Client, connection: Connection) -> None:
    assert "list no e-mail domains" not in text_of(admin_client.get(PAGE))
    create_connection("Okta", document=entra_metadata(OLD, entity_id="https://okta.example/"), actor=ADMIN)

    assert "Entra, Okta list no e-mail domains" in text_of(admin_client.get(PAGE))


# ── The pin ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_signer_is_shown_and_pinned_with_a_button(admin_client: Client, db: None) -> None:
    connection = create_connection("Entra", document=signed_metadata(SIGNER), actor=ADMIN)
    text = text_of(admin_client.get(PAGE))
    assert "Pin this signer" in text

    admin_client.post(address("pin_metadata", connection), {"pin": hidden(text, "pin")})

    assert Connection.objects.get().metadata_pin == fingerprint(SIGNER)
    assert "Pin this signer" not in text_of(admin_client.get(PAGE))


def test_a_document_against_the_pin_is_refused_with_the_signer_that_it_has(admin_client: Client, db: None) -> None:
    connection = create_connection("E", document=signed_metadata(SIGNER), pin=fingerprint(SIGNER), actor=ADMIN)

    text = text_of(
        admin_client.post(address("refresh_connection", connection), upload(signed_metadata(NEW)), follow=True)
    )

    assert f"signed with another certificate ({fingerprint(NEW)})" in text
    assert "What was known before stays in force." in text


def test_a_pin_that_the_present_document_does_not_fit_is_saved_with_a_warning(
    admin_client: Client, connection: Connection
) -> None:
    wanted = settings(connection, pin=fingerprint(SIGNER))

    text = text_of(admin_client.post(address("connection_settings", connection), wanted, follow=True))

    assert "does not fit the pin: it is not signed." in text
    assert Connection.objects.get().metadata_pin == fingerprint(SIGNER)


# ── Another document ─────────────────────────────────────────────────────────────────────────────────────────────


def test_an_upload_shows_what_it_changes_and_changes_nothing_before_the_yes(
    admin_client: Client, connection: Connection
) -> None:
    make_user("ada@contoso.com")
    link()

    answer = admin_client.post(address("refresh_connection", connection), upload(entra_metadata(NEW, slo_url=None)))

    text = " ".join(text_of(answer).split())
    assert answer.status_code == 200
    assert "1 person is linked" in text
    assert fingerprint(OLD) in text
    assert fingerprint(NEW) in text
    assert "none any more" in text
    assert [each.sha256 for each in connection.signing_certificates()] == [fingerprint(OLD)]

    carried = {name: hidden(answer.content.decode(), name) for name in ("fingerprint", "document")}
    text = text_of(admin_client.post(address("confirm_metadata", connection), carried, follow=True))

    assert "was read again: 1 certificate added, 1 withdrawn" in text
    assert [each.sha256 for each in connection.signing_certificates()] == [fingerprint(NEW)]


def test_pasted_text_is_looked_at_in_the_same_way(admin_client: Client, connection: Connection) -> None:
    pasted = {"metadata_text": entra_metadata(OLD, NEW, bom=False).decode()}

    assert "What would change at Entra" in text_of(admin_client.post(address("refresh_connection", connection), pasted))


def test_another_identity_provider_is_shown_and_cannot_be_confirmed(
    admin_client: Client, connection: Connection
) -> None:
    other = entra_metadata(NEW, entity_id="https://sts.windows.net/other/")

    answer = admin_client.post(address("refresh_connection", connection), upload(other))

    assert answer.status_code == 422
    assert "This document cannot be taken" in text_of(answer)
    assert "Take this document" not in text_of(answer)
    assert Connection.objects.get().idp_entity_id == ENTITY_ID


def test_a_yes_to_what_has_changed_meanwhile_shows_the_new_difference(
    admin_client: Client, connection: Connection
) -> None:
    shown = admin_client.post(address("refresh_connection", connection), upload(entra_metadata(NEW)))
    carried = {name: hidden(shown.content.decode(), name) for name in ("fingerprint", "document")}
    refresh_connection(connection.id, document=entra_metadata(OLD, key_pair("third")), actor=ADMIN)

    answer = admin_client.post(address("confirm_metadata", connection), carried)

    assert "not what you were shown a moment ago" in text_of(answer)
    assert len(connection.signing_certificates()) == 2
    again = {name: hidden(answer.content.decode(), name) for name in ("fingerprint", "document")}
    admin_client.post(address("confirm_metadata", connection), again)
    assert [each.sha256 for each in connection.signing_certificates()] == [fingerprint(NEW)]


@pytest.mark.parametrize("document", ["%%%", "PGh0bWwvPg==", ""])
def test_a_yes_with_a_document_that_did_not_arrive_whole_changes_nothing(
    admin_client: Client, connection: Connection, document: str
) -> None:
    answer = admin_client.post(
        address("confirm_metadata", connection), {"document": document, "fingerprint": "x"}, follow=True
    )

    assert "The metadata was not accepted" in text_of(answer)


def test_an_address_that_answers_something_else_is_shown_before_it_is_taken(admin_client: Client, settings) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with running_idp() as idp:
        idp.document_override = entra_metadata(OLD)
        connection = create_connection("Entra", metadata_url=idp.metadata_url, actor=ADMIN)
        assert "was read again: unchanged" in text_of(
            admin_client.post(address("refresh_connection", connection), follow=True)
        )

        idp.document_override = entra_metadata(OLD, sso_url="https://login.example/sso")
        shown = admin_client.post(address("refresh_connection", connection))
        assert "sent to another host" in text_of(shown)
        yes = {"fingerprint": hidden(shown.content.decode(), "fingerprint")}

        idp.document_override = entra_metadata(OLD, sso_url="https://elsewhere.example/sso")
        again = admin_client.post(address("confirm_metadata", connection), yes)
        assert "not what you were shown" in text_of(again)

        yes = {"fingerprint": hidden(again.content.decode(), "fingerprint")}
        admin_client.post(address("confirm_metadata", connection), yes)

    assert Connection.objects.get().sso_url == "https://elsewhere.example/sso"


def test_the_page_costs_the_same_query_count_for_each_connection(admin_client: Client, connection: Connection) -> None:
    one = queries_of(admin_client, PAGE)
    for number in range(2):
        create_connection(f"C{number}", document=entra_metadata(OLD, entity_id=f"https://c{number}/"), actor=ADMIN)
    three = queries_of(admin_client, PAGE)

    assert (three - one) % 2 == 0
    assert (three - one) / 2 <= 9


def test_a_connection_that_is_gone_is_said_in_words(admin_client: Client, connection: Connection) -> None:
    gone = "00000000-0000-4000-8000-000000000000"
    for name in ("refresh_connection", "confirm_metadata", "pin_metadata"):
        answer = admin_client.post(reverse(f"web:{name}", args=(gone,)), follow=True)
        assert "There is no SAML connection" in text_of(answer)
    wanted = settings(connection)
    assert admin_client.post(reverse("web:connection_settings", args=(gone,)), wanted).status_code == 422


def test_only_the_settings_are_edited_by_their_service(connection: Connection) -> None:
    edit_connection(connection.id, settings_of(connection), actor=ADMIN)

    assert connection.refreshed_at < datetime.now(UTC)
