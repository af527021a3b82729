"""manage.py saml_connection, as operators call it."""

import json

import pytest
from django.core.management import CommandError, call_command

from saml.models import Connection
from tests.saml.forge import ENTITY_ID, fingerprint, metadata, signed_metadata
from tests.saml.keys import key_pair

pytestmark = pytest.mark.django_db
KEYS = {
    "id",
    "name",
    "idp_entity_id",
    "sp_entity_id",
    "metadata_url",
    "sso_url",
    "acs_url",
    "logout_url",
    "global_token_revocation_url",
    "certificates",
}


@pytest.fixture
def run(capsys):
    def run(*arguments):
        capsys.readouterr()
        call_command("saml_connection", *map(str, arguments))
        return json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "metadata.xml"
    path.write_bytes(metadata())
    return path


@pytest.mark.parametrize("json_first", [True, False])
def test_a_connection_is_created_listed_refreshed_and_deleted(run, document, json_first):
    def call(*arguments):
        return run("--json", *arguments) if json_first else run(*arguments, "--json")

    created = call("create", "Entra", "--metadata-file", document)
    assert set(created) >= KEYS
    assert call("list") == {"connections": [created]}
    document.write_bytes(metadata(key_pair(), key_pair("next")))
    refreshed = call("refresh", created["id"], "--metadata-file", document)
    assert len(refreshed["certificates"]) == 2
    assert call("delete", created["id"], "--confirm", "Entra")["id"] == created["id"]
    assert call("list") == {"connections": []}


def test_the_switch_for_unsolicited_responses_is_off_unless_asked_for(run, document):
    run("create", "One", "--metadata-file", document, "--json")
    run("create", "Two", "--metadata-file", document, "--accept-idp-initiated", "--json")

    assert [each.accept_idp_initiated for each in Connection.objects.live()] == [False, True]


@pytest.mark.parametrize(
    "arguments",
    [
        ("settings", "00000000-0000-4000-8000-000000000000"),
        ("refresh", "00000000-0000-4000-8000-000000000000", "--dry-run"),
        ("create", "Entra", "--metadata-file", "/nonexistent"),
        ("create", "Entra", "--metadata-url", "http://169.254.169.254/"),
        ("refresh", "00000000-0000-4000-8000-000000000000"),
        ("delete", "00000000-0000-4000-8000-000000000000", "--confirm", "Entra"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_nothing(run, arguments):
    with pytest.raises(CommandError) as refusal:
        run(*arguments)

    assert "\n" not in str(refusal.value)
    assert not Connection.objects.exists()


def test_deleting_needs_the_name(run, document):
    created = run("create", "Entra", "--metadata-file", document, "--json")

    with pytest.raises(CommandError, match="confirm"):
        run("delete", created["id"], "--confirm", "entra")
    assert Connection.objects.live().exists()


def test_a_dry_run_prints_what_would_change_and_changes_nothing(run, document):
    created = run("create", "Entra", "--metadata-file", document, "--json")
    before = Connection.objects.values().get()
    document.write_bytes(metadata(key_pair("next"), sso_url="https://login.example/sso"))

    change = run("refresh", created["id"], "--metadata-file", document, "--dry-run", "--json")

    assert (change["dry_run"], change["changed"], change["refused"]) == (True, True, None)
    assert change["sso_url"]["after"] == "https://login.example/sso"
    assert [each["sha256"] for each in change["certificates_added"]] == [fingerprint(key_pair("next"))]
    assert [each["sha256"] for each in change["certificates_withdrawn"]] == [fingerprint(key_pair())]
    assert Connection.objects.values().get() == before
    assert run("list", "--json")["connections"] == [created]


def test_a_dry_run_for_people_is_a_few_lines(document, capsys, run):
    created = run("create", "Entra", "--metadata-file", document, "--json")
    document.write_bytes(metadata(key_pair("next")))

    call_command("saml_connection", "refresh", created["id"], "--metadata-file", str(document), "--dry-run")

    printed = capsys.readouterr().out
    assert "Entra: this would change" in printed
    assert f"certificate added: {fingerprint(key_pair('next'))}" in printed
    assert "people linked: 0" in printed


def test_a_dry_run_of_another_identity_provider_says_so_and_ends_with_1(document, capsys, run):
    created = run("create", "Entra", "--metadata-file", document, "--json")
    document.write_bytes(metadata(entity_id="https://other.example/"))

    with pytest.raises(SystemExit) as end:
        call_command(
            "saml_connection", "refresh", created["id"], "--metadata-file", str(document), "--dry-run", "--json"
        )

    change = json.loads(capsys.readouterr().out)
    assert end.value.code == 1
    assert change["idp_entity_id"] == {"before": ENTITY_ID, "after": "https://other.example/"}
    assert "another identity provider" in change["refused"]


def test_a_pin_is_given_when_a_connection_is_made_and_holds_for_each_refresh(run, document):
    signer = key_pair("metadata signer")
    with pytest.raises(CommandError, match="it is not signed"):
        run("create", "Entra", "--metadata-file", document, "--pin", fingerprint(signer))
    assert not Connection.objects.exists()

    document.write_bytes(signed_metadata(signer))
    created = run("create", "Entra", "--metadata-file", document, "--pin", fingerprint(signer), "--json")
    assert set(created) >= KEYS

    document.write_bytes(signed_metadata(key_pair("next")))
    with pytest.raises(CommandError, match="another certificate"):
        run("refresh", created["id"], "--metadata-file", document)
    assert Connection.objects.get().refresh_failed
    assert run("list", "--json")["connections"] == [created]


def test_settings_are_printed_and_changed_one_by_one(run, document):
    created = run("create", "Entra", "--metadata-file", document, "--domain", "contoso.com", "--json")
    first = run("settings", created["id"], "--json")
    commands = {name: first[name] for name in ("global_token_revocation", "security_events")}
    assert {each["issuer"] for each in commands.values()} == {None}
    assert first == {
        **commands,
        "id": created["id"],
        "name": "Entra",
        "idp_metadata_url": None,
        "accept_idp_initiated": False,
        "accept_signed_response": False,
        "sign_requests": False,
        "domains": ["contoso.com"],
        "metadata_pin": None,
        "metadata_signer": None,
        "person_claim": None,
        "claim_mapping": None,
    }

    changed = run("settings", created["id"], "--name", "Contoso", "--accept-idp-initiated", "--json")
    assert changed == {**first, "name": "Contoso", "accept_idp_initiated": True}
    both = run(
        "settings", created["id"], "--domain", "a.example", "--domain", "b.example", "--pin", "AB" * 32, "--json"
    )
    assert (both["domains"], both["metadata_pin"]) == (["a.example", "b.example"], "ab" * 32)
    none = run("settings", created["id"], "--no-domains", "--pin", "", "--no-accept-idp-initiated", "--json")
    assert none == {**first, "name": "Contoso", "domains": []}


@pytest.mark.parametrize("arguments", [["refresh"], ["settings"], ["rotate-key"], ["delete", "--confirm", "Entra"]])
@pytest.mark.parametrize("unknown", ["nonsense", "6b1f2a0e-0000-4000-8000-000000000000"])
def test_an_unknown_id_is_refused_in_one_line_however_it_is_spelt(run, arguments, unknown):
    with pytest.raises(CommandError, match=f"^There is no SAML connection {unknown}[^\n]*$") as refused:
        run(arguments[0], unknown, *arguments[1:])
    assert refused.value.returncode == 1
