"""Commands can do what the page can: each setting of a connection, on the page, in the command and in its JSON."""

import html
import json
import re
from dataclasses import fields
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command, load_command_class
from django.test import Client
from django.urls import reverse

from gatekeeper.web.saml_settings.forms import SettingsForm
from saml.connections.claims import FIELDS
from saml.connections.lifecycle import create_connection
from saml.connections.settings import SWITCHES, ConnectionSettings, settings_of
from saml.models import Connection
from tests.builders import ADMIN, link, make_user
from tests.saml.certificates import chain, made
from tests.saml.documents import aggregate, document, entity, idp, key, product, service
from tests.saml.forge import metadata
from tests.saml.idp import running_idp
from tests.saml.keys import key_pair
from tests.web.pages import text_of

PAGE = "/settings/configuration/authentication/"
# What two other forms of the page choose, by the names of ``ConnectionSettings``.
OTHER_FORMS = {"person_claim", "claim_mapping"}
OPTIONS: dict[str, tuple[list[str], Any]] = {
    "name": (["--name", "Contoso"], "Contoso"),
    "domains": (["--domain", "a.example", "--domain", "b.example"], ("a.example", "b.example")),
    "pin": (["--pin", "AB" * 32], "ab" * 32),
    "person_claim": (["--sign-in-claim", "urn:mail"], "urn:mail"),
    "claim_mapping": (["--profile-claim", "title=urn:title", "--profile-claim", "given_name="], {"title": "urn:title"}),
    **{name: ([f"--{name.replace('_', '-')}"], True) for name in SWITCHES},
}


@pytest.fixture
def connection(db: None) -> Connection:
    return create_connection("Entra", document=metadata(), actor=ADMIN)


def command(capsys: Any, *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    call_command("saml_connection", *arguments, "--json")
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_every_setting_is_on_the_page_and_in_the_command() -> None:
    names = {field.name for field in fields(ConnectionSettings)}

    assert set(SettingsForm.base_fields) | OTHER_FORMS == names
    assert set(OPTIONS) | {"metadata_url"} == names
    parser = load_command_class("saml", "saml_connection").create_parser("manage.py", "saml_connection")
    for arguments, _ in OPTIONS.values():
        assert parser.parse_args(["settings", "x", *arguments])
    assert parser.parse_args(["settings", "x", "--metadata-url", ""])


def test_every_setting_has_a_field_on_the_rendered_page(admin_client: Client, connection: Connection) -> None:
    text = admin_client.get(PAGE).content.decode()

    named = set(re.findall(r'<(?:input|textarea|select)[^>]*\sname="([a-z_]+)"', text))
    assert set(SettingsForm.base_fields) <= named
    assert {"claim", *(field.name for field in FIELDS)} <= named


@pytest.mark.parametrize("name", OPTIONS)
def test_what_the_command_sets_the_page_shows_and_the_json_names(
    admin_client: Client, connection: Connection, capsys: Any, name: str
) -> None:
    arguments, expected = OPTIONS[name]
    before = settings_of(connection)

    printed = command(capsys, "settings", str(connection.id), *arguments)

    after = settings_of(Connection.objects.get())
    chosen = getattr(after, name)
    assert {**chosen, **expected} == chosen if isinstance(expected, dict) else chosen == expected
    others = {field.name for field in fields(ConnectionSettings)} - {name}
    assert all(getattr(after, other) == getattr(before, other) for other in others)
    if name in SWITCHES:
        assert printed[name] is True
        box = re.search(rf'<input[^>]*name="{name}"[^>]*>', admin_client.get(PAGE).content.decode())
        assert box
        assert "checked" in box[0]
        off = command(capsys, "settings", str(connection.id), f"--no-{name.replace('_', '-')}")
        assert off[name] is False


@pytest.mark.parametrize("name", OPTIONS)
def test_create_takes_the_same_settings(db: None, capsys: Any, tmp_path: Any, name: str) -> None:
    (tmp_path / "m.xml").write_bytes(metadata())
    arguments, expected = OPTIONS[name]
    if name in {"name", "pin"}:
        return  # The one is its first argument, the other is tried with signed metadata elsewhere.

    made_one = command(capsys, "create", "Entra", "--metadata-file", str(tmp_path / "m.xml"), *arguments)

    chosen = getattr(settings_of(Connection.objects.get(pk=made_one["id"])), name)
    assert {**chosen, **expected} == chosen if isinstance(expected, dict) else chosen == expected


def test_saving_the_page_leaves_what_other_forms_chose(
    admin_client: Client, connection: Connection, capsys: Any
) -> None:
    command(capsys, "settings", str(connection.id), "--sign-in-claim", "urn:mail", "--profile-claim", "title=urn:t")
    before = settings_of(Connection.objects.get())

    admin_client.post(reverse("web:connection_settings", args=(connection.id,)), {"name": "Contoso"})

    after = settings_of(Connection.objects.get())
    assert after.name == "Contoso"
    assert (after.person_claim, after.claim_mapping) == (before.person_claim, before.claim_mapping)


def test_the_usual_profile_claims_come_back(connection: Connection, capsys: Any) -> None:
    command(capsys, "settings", str(connection.id), "--profile-claim", "title=urn:t")

    assert command(capsys, "settings", str(connection.id), "--usual-profile-claims")["claim_mapping"] is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--profile-claim", "title"], "FIELD=CLAIM"),
        (["--profile-claim", "shoe_size=urn:x"], "no profile field shoe_size"),
        (["--sign-in-claim", "two words"], "no spaces"),
        (["--sign-in-claim", "groups"], "group and role claims are not taken"),
        (["--profile-claim", "title=x", "--usual-profile-claims"], "either"),
        (["--domain", "a.example", "--no-domains"], "either"),
        (["--name", "", "--accept-idp-initiated"], "name"),
        (["--metadata-url", "http://169.254.169.254/"], "must begin with https"),
    ],
)
def test_what_cannot_be_chosen_is_one_line_and_changes_nothing(
    connection: Connection, arguments: list[str], words: str
) -> None:
    before = settings_of(connection)

    with pytest.raises(CommandError, match=words) as refused:
        call_command("saml_connection", "settings", str(connection.id), "--sign-requests", *arguments)

    assert "\n" not in str(refused.value)
    assert settings_of(Connection.objects.get()) == before


def test_list_shows_addresses_switches_and_people(connection: Connection, capsys: Any) -> None:
    make_user("ada@contoso.com")
    link()
    call_command("saml_connection", "settings", str(connection.id), "--sign-in-claim", "urn:mail")
    capsys.readouterr()

    listed = command(capsys, "list")["connections"][0]
    assert listed["people_linked"] == 1
    assert listed["settings"]["person_claim"] == "urn:mail"
    call_command("saml_connection", "list")
    printed = capsys.readouterr().out
    for words in (listed["acs_url"], listed["idp_sso_url"], "People linked        1", "urn:mail", *_switch_lines()):
        assert words in printed


def _switch_lines() -> list[str]:
    return [f"{name.replace('_', ' ').capitalize():20} off" for name in SWITCHES]


def test_our_certificate_can_be_had_by_command_too(admin_client: Client, connection: Connection, capsys: Any) -> None:
    printed = command(capsys, "certificate", str(connection.id))
    address = reverse("web:connection_certificate", args=(connection.id, printed["sha256"]))
    assert admin_client.get(address).content.decode() == printed["pem"]

    with pytest.raises(CommandError, match="no next certificate"):
        call_command("saml_connection", "certificate", str(connection.id), "--next")
    command(capsys, "rotate-key", str(connection.id))
    assert command(capsys, "certificate", str(connection.id), "--next")["use"] == "next"
    call_command("saml_connection", "certificate", str(connection.id))
    assert capsys.readouterr().out.startswith("-----BEGIN CERTIFICATE-----")


# ── An identity provider that begins to want signed requests ─────────────────────────────────────────────────────


WANTS = metadata().replace(b"<IDPSSODescriptor", b'<IDPSSODescriptor WantAuthnRequestsSigned="true"')


def test_refresh_says_that_signed_requests_are_wanted_and_offers_them(
    connection: Connection, capsys: Any, tmp_path: Any
) -> None:
    path = tmp_path / "m.xml"
    path.write_bytes(WANTS)
    dry = ["refresh", str(connection.id), "--metadata-file", str(path)]
    change = command(capsys, *dry, "--dry-run")
    assert change["wants_signed_requests"] == {"before": "no", "after": "yes"}

    call_command("saml_connection", *dry)
    printed = capsys.readouterr().out
    assert "wants signed requests" in printed
    assert f"saml_connection settings {connection.id} --sign-requests" in printed
    assert not Connection.objects.get().sign_requests

    answered = command(capsys, *dry, "--sign-requests")
    assert answered["settings"]["sign_requests"] is True
    call_command("saml_connection", *dry)
    assert "wants signed requests" not in capsys.readouterr().out


@pytest.mark.parametrize("accepted", [False, True])
def test_the_page_says_so_and_offers_them(admin_client: Client, connection: Connection, accepted: bool) -> None:
    given = {"metadata_text": WANTS.decode("utf-8-sig")}
    text = admin_client.post(reverse("web:refresh_connection", args=(connection.id,)), given).content.decode()
    assert "Sign our requests from now on" in text
    values = {name: _hidden(text, name) for name in ("fingerprint", "document")}

    box = {"sign_requests": "on"} if accepted else {}
    admin_client.post(reverse("web:confirm_metadata", args=(connection.id,)), {**values, **box})

    assert Connection.objects.get().sign_requests is accepted
    assert ("The identity provider wants signed sign-on requests" in text_of(admin_client.get(PAGE))) is not accepted


def _hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}"\s+value="([^"]*)"', text)
    assert found
    return found[1]


# ── What was left out, and what there is to choose from ──────────────────────────────────────────────────────────


def with_leftovers() -> bytes:
    leaf, authority, root = chain()
    keys = (
        key(leaf.base64, authority.base64, root.base64),
        key(made("p-192").base64),
        key("%%%"),
    )
    return document(entity(idp(*keys, service("SingleLogoutService", location="http://x.example/"), service())))


LEFT_OUT = (
    "CN=authority",
    "only issued the certificate CN=leaf",
    "curve secp192r1",
    "it is not base64",
    "The logout address was left out",
)


def test_the_page_says_what_was_left_out_and_why(admin_client: Client) -> None:
    answer = admin_client.post(f"{PAGE}new/", {"name": "A", "metadata_text": with_leftovers().decode()}, follow=True)

    text = text_of(answer)
    assert "A is connected." in text
    for words in LEFT_OUT:
        assert text.count(words) >= 2, words  # once as a message, once beside the certificates for later


def test_the_command_says_what_was_left_out_and_why(db: None, capsys: Any, tmp_path: Any) -> None:
    path = tmp_path / "m.xml"
    path.write_bytes(with_leftovers())

    call_command("saml_connection", "create", "A", "--metadata-file", str(path))

    printed = capsys.readouterr().out
    for words in LEFT_OUT:
        assert words in printed
    assert len(command(capsys, "list")["connections"][0]["left_out"]) == 5


A, B = "https://a.example/idp", "https://b.example/idp"
SEVERAL = document(aggregate(entity(entity_id=A), aggregate(entity(entity_id=B))))


def test_the_command_takes_the_one_that_is_named(db: None, capsys: Any, tmp_path: Any) -> None:
    path = tmp_path / "m.xml"
    path.write_bytes(SEVERAL)
    source = ["--metadata-file", str(path)]

    with pytest.raises(CommandError, match=f"2 identity providers.*{A}, {B}.*Give --entity-id"):
        call_command("saml_connection", "create", "A", *source)
    with pytest.raises(CommandError, match="does not describe https://c"):
        call_command("saml_connection", "create", "A", *source, "--entity-id", "https://c.example/")
    made_one = command(capsys, "create", "A", *source, "--entity-id", B)

    assert made_one["idp_entity_id"] == B
    assert command(capsys, "refresh", made_one["id"], *source)["result"] == "unchanged"
    path.write_bytes(document(aggregate(entity(entity_id=A), entity(entity_id="https://c.example/"))))
    with pytest.raises(CommandError, match=f"does not describe {B}"):
        call_command("saml_connection", "refresh", made_one["id"], *source)


@pytest.mark.parametrize("how", ["text", "file", "UTF-16 file", "address"])
def test_the_page_offers_the_entity_ids(admin_client: Client, settings: Any, how: str) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    content = SEVERAL.decode().encode("utf-16") if how == "UTF-16 file" else SEVERAL
    with running_idp() as idp_server:
        idp_server.document_override = content
        given: dict[str, Any] = {
            "text": {"metadata_text": SEVERAL.decode()},
            "address": {"metadata_url": idp_server.metadata_url},
        }.get(how) or {"metadata_file": _file(content)}
        answer = admin_client.post(f"{PAGE}new/", {"name": "A", **given})
        text = answer.content.decode()
        assert answer.status_code == 422
        assert re.findall(r'<option value="(https[^"]*)"', text) == [A, B]
        assert "Choose yours" in text

        again = {"name": "A", "entity_id": B}
        if how == "address":
            again["metadata_url"] = idp_server.metadata_url
        else:
            kept = re.search(r"<textarea[^>]*metadata_text[^>]*>(.*?)</textarea>", text, re.DOTALL)
            assert kept
            again["metadata_text"] = html.unescape(kept[1])
        assert admin_client.post(f"{PAGE}new/", again).status_code == 302

    assert Connection.objects.get().idp_entity_id == B


def _file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("m.xml", content)


@pytest.mark.parametrize("given", [b"<html>Sign in</html>", b'{"jwks_uri": "y"}', key_pair().certificate_pem])
def test_the_page_says_what_was_given_instead_of_metadata(admin_client: Client, given: bytes) -> None:
    answer = admin_client.post(f"{PAGE}new/", {"name": "A", "metadata_file": _file(given)})

    text = text_of(answer)
    assert "The metadata was not accepted: it is" in text
    assert "App Federation Metadata Url again" not in text


@pytest.mark.parametrize("name", ["keycloak_old", "post_only", "ping"])
def test_products_are_connected_on_the_page(admin_client: Client, name: str) -> None:
    admin_client.post(f"{PAGE}new/", {"name": name, "metadata_file": _file(product(name))})

    text = text_of(admin_client.get(PAGE))
    assert Connection.objects.get().sso_url in text
    assert ("HTTP-POST" if name == "post_only" else "HTTP-Redirect") in text
