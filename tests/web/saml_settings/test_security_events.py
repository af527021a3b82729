"""Commands of the identity provider on a connection's page and in the command: addresses, sources, and what came."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from gatekeeper.audit.models import AuditEntry
from saml.connections.lifecycle import create_connection
from saml.models import Connection, EventSource, SourceKind
from saml.security_events.sources import source_of, stated_in_metadata
from tests.builders import ADMIN, link, make_user, map_group
from tests.saml.documents import product
from tests.saml.forge import metadata as entra_metadata
from tests.saml.security_events.commands import ISSUER, JWKS, Commander, open_things
from tests.web.pages import text_of

PAGE = "/settings/configuration/authentication/"
BOTH = {"issuer": ISSUER, "jwks_url": JWKS}


@pytest.fixture
def connection(db: None) -> Connection:
    return create_connection("Entra", document=entra_metadata(), actor=ADMIN)


@pytest.fixture
def idp(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Commander:
    commander = Commander(connection)
    monkeypatch.setattr("saml.security_events.commands.fetch_keys", commander.fetch)
    return commander


def address(name: str, connection: Connection) -> str:
    return reverse(f"web:{name}", args=(connection.id,))


def command(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("saml_connection", *arguments, "--json", stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_both_addresses_are_there_to_be_copied(admin_client: Client, connection: Connection) -> None:
    text = text_of(admin_client.get(PAGE))

    for name, path in (("Global token revocation", "global-token-revocation"), ("Security events", "security-events")):
        assert f"{name} url</label>" in text
        assert f'value="http://testserver/saml/{connection.id}/{path}"' in text


def test_an_administrator_sets_whose_universal_logout_is_believed(admin_client: Client, connection: Connection) -> None:
    page = admin_client.post(address("set_revocation_source", connection), BOTH, follow=True)

    assert "Universal Logout is believed from now on." in text_of(page)
    source = source_of(connection, SourceKind.REVOCATION)
    assert source is not None
    assert (source.issuer, source.jwks_url) == (ISSUER, JWKS)
    assert f'value="{ISSUER}"' in text_of(page)
    entry = AuditEntry.objects.get(event="connection.event_source_set")
    assert entry.before["issuer"] == ""
    assert entry.after["jwks_url"] == JWKS
    assert entry.actor_kind == "person"
    assert source_of(connection, SourceKind.EVENTS) is None


@pytest.mark.parametrize("name", ["set_revocation_source", "set_event_stream"])
@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"issuer": ISSUER}, "Give both the issuer and the JWKS URL, or neither."),
        ({"jwks_url": JWKS}, "Give both the issuer and the JWKS URL, or neither."),
        ({"issuer": ISSUER, "jwks_url": "http://tenant.okta.example/keys"}, "The address must begin with https://"),
        ({"issuer": ISSUER, "jwks_url": "file:///etc/passwd"}, "The address must begin with https://"),
        (
            {"issuer": ISSUER, "jwks_url": "https://user:x@tenant.okta.example/keys"},
            "The address must begin with https://",
        ),
        ({"issuer": "two words", "jwks_url": JWKS}, "without spaces"),
    ],
)
def test_what_would_not_work_is_refused_beside_its_field(
    admin_client: Client, connection: Connection, name: str, form: dict[str, str], words: str
) -> None:
    answer = admin_client.post(address(name, connection), form)

    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not EventSource.objects.exists()


def test_empty_fields_believe_nobody_even_where_the_metadata_says_somebody(admin_client: Client, db: None) -> None:
    connection = okta()
    assert source_of(connection, SourceKind.REVOCATION) is not None

    admin_client.post(address("set_revocation_source", connection), {"issuer": "", "jwks_url": ""})

    assert source_of(connection, SourceKind.REVOCATION) is None


def test_the_authorization_header_is_shown_once(admin_client: Client, connection: Connection) -> None:
    refused = admin_client.post(address("event_secret", connection), follow=True)
    assert "Set the issuer and the JWKS URL of the event stream first." in text_of(refused)
    admin_client.post(address("set_event_stream", connection), BOTH)

    shown = admin_client.post(address("event_secret", connection))

    secret = re.search(r"Bearer (gke_[0-9a-f]+)", text_of(shown))
    assert secret
    assert secret[1] not in text_of(admin_client.get(PAGE))
    assert secret[1] not in str(list(AuditEntry.objects.values("before", "after")))
    admin_client.post(address("event_secret", connection), {"remove": "yes"})
    assert not EventSource.objects.get().secret_digest


@pytest.mark.parametrize("name", ["set_revocation_source", "set_event_stream", "event_secret"])
def test_only_configurators_and_only_freshly(
    person_with: Any, admin_client: Client, connection: Connection, name: str
) -> None:
    assert person_with("administrator").post(address(name, connection), BOTH).status_code == 403
    assert Client().post(address(name, connection), BOTH).status_code == 302
    assert admin_client.get(address(name, connection)).status_code == 405


def test_what_was_received_is_listed_with_whom_it_was_about_and_why_not(admin_client: Client, idp: Commander) -> None:
    map_group(None, "collaborator")
    ada = make_user("ada.obi@contoso.com", display_name="Ada Obi")
    link()
    open_things(ada, sessions=2)
    idp.set_up()
    idp.revoke_email("ada.obi@contoso.com")
    idp.revoke_email("nobody@contoso.com")
    for _ in range(3):
        idp.revoke_email("ada.obi@contoso.com", bearer=idp.bearer(iss="https://evil.example"))

    text = " ".join(re.sub(r"<[^>]+>", " ", text_of(admin_client.get(PAGE))).split())

    listed = text.split("Received")[1]
    assert "Accepted Universal Logout, global-token-revocation about Ada Obi" in listed
    assert "2 sessions and 0 API tokens ended" in listed
    assert "nobody here is known by that subject identifier." in listed
    assert "3 times within the hour" in listed
    assert "not proven to be the identity provider: its iss is not the issuer that is set here." in listed
    assert "nobody@contoso.com" not in listed


# ── What the metadata says ───────────────────────────────────────────────────────────────────────────────────────


def okta(sso: str = "https://acme.okta.com/app/exk1/sso/saml") -> Connection:
    document = entra_metadata(entity_id="http://www.okta.com/exk1")
    pattern = rb'(<(?:\w+:)?SingleSignOnService[^>]*Location=")[^"]*'
    return create_connection("Okta", document=re.sub(pattern, rb"\g<1>" + sso.encode(), document), actor=ADMIN)


@pytest.mark.parametrize("host", ["acme.okta.com", "login.acme.com"])
def test_okta_s_metadata_says_who_signs_universal_logout(db: None, host: str) -> None:
    connection = okta(sso=f"https://{host}/app/exk1/sso/saml")

    source = source_of(connection, SourceKind.REVOCATION)

    assert source is not None
    assert (source.issuer, source.jwks_url) == (f"https://{host}", f"https://{host}/oauth2/v1/keys")
    assert source.from_metadata
    assert source_of(connection, SourceKind.EVENTS) is None


@pytest.mark.parametrize(
    ("url", "stated"),
    [
        ("https://idp.example.com/keys", True),
        ("http://idp.example.com/keys", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_a_jwks_uri_in_the_metadata_is_taken_where_it_could_be_fetched(db: None, url: str, stated: bool) -> None:
    element = f'<o:JwksUri xmlns:o="urn:mace:shibboleth:metadata:oidc:1.0">{url}</o:JwksUri>'.encode()
    document = re.sub(rb"(<(?:\w+:)?KeyInfo[^>]*>)", rb"\g<1>" + element, entra_metadata(), count=1)
    connection = create_connection("Entra", document=document, actor=ADMIN)

    assert stated_in_metadata(connection) == ((connection.idp_entity_id, url) if stated else None)


@pytest.mark.parametrize("name", ["okta", "keycloak", "google", "onelogin", "ping", "adfs", "auth0", "jumpcloud"])
def test_of_the_products_only_okta_s_metadata_says_it(db: None, name: str) -> None:
    connection = create_connection(name, document=product(name), actor=ADMIN)

    assert stated_in_metadata(connection) == (
        ("https://dev-123.okta.com", "https://dev-123.okta.com/oauth2/v1/keys") if name == "okta" else None
    )


def test_entra_s_metadata_says_nobody(connection: Connection) -> None:
    assert source_of(connection, SourceKind.REVOCATION) is None


# ── The command ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_command_sets_and_shows_the_same(connection: Connection) -> None:
    number = str(connection.id)
    document = command("settings", number, "--revocation-issuer", ISSUER, "--revocation-jwks-url", JWKS)

    url = f"http://testserver/saml/{number}/global-token-revocation"
    assert document["global_token_revocation"] == {
        "url": url, "issuer": ISSUER, "jwks_url": JWKS, "from_metadata": False,
    }  # fmt: skip
    assert document["security_events"]["issuer"] is None
    assert document["name"] == "Entra"
    assert command("list")["connections"][0]["global_token_revocation_url"] == url
    later = command("settings", number, "--events-issuer", ISSUER, "--events-jwks-url", JWKS, "--make-events-header")
    assert later["events_authorization_header"].startswith("Bearer gke_")
    assert later["security_events"]["wants_authorization_header"] is True
    assert later["global_token_revocation"]["issuer"] == ISSUER
    last = command("settings", number, "--no-revocation", "--no-events-header", "--events-audience", "gatekeeper")
    assert last["global_token_revocation"]["issuer"] is None
    assert last["security_events"]["audience"] == "gatekeeper"
    assert last["security_events"]["wants_authorization_header"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        ("--revocation-issuer", ISSUER),
        ("--revocation-issuer", ISSUER, "--revocation-jwks-url", "http://x.example/keys"),
        ("--revocation-issuer", ISSUER, "--revocation-jwks-url", JWKS, "--no-revocation"),
        ("--events-audience", "gatekeeper"),
        ("--make-events-header",),
    ],
)
def test_the_command_refuses_and_changes_nothing(connection: Connection, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        command("settings", str(connection.id), "--name", "Renamed", *arguments)

    assert Connection.objects.get().name == "Entra"
    assert not EventSource.objects.exists()
