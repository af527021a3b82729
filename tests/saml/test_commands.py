"""manage.py saml_connection, as operators call it."""

import json

import pytest
from django.core.management import CommandError, call_command

from saml.models import Connection
from tests.saml.forge import metadata
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
    assert set(created) == KEYS
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
