"""No name from the database speaks to the terminal: every operators' command, its refusals, and its JSON."""

import json
from io import StringIO

import pytest
from django.core.management import call_command, get_commands, load_command_class
from django.core.management.base import CommandError

from gatekeeper.directory.models import IdentityProvider, IdpGroup, Team, User
from gatekeeper.events.models import MailRecipient, Webhook
from gatekeeper.runtime.command import OperatorCommand
from gatekeeper.runtime.plain_text import visible, visible_lines, visible_values
from gatekeeper.setup_links.lifecycle import create_link
from scim.credentials.api_keys import generate_key
from scim.models import ApiKey, CustomAttribute, OAuthClient
from tests.builders import ADMIN, make_administrator, make_group, make_team, make_user, map_group

# One of each kind: C0 with CR, LF, tab, backspace and ESC; DEL; C1 (CSI, NEL); bidi characters; separators.
ACTS = "\r\n\t\x08\x1b\x07\x01\x7f\x9b\x85\u202e\u2066\u2028\u2029\u200f\ufeff\u061c"
NAME = f"A{ACTS}[31mFORGED"
ALLOWED = "\n"  # the layout of the output itself


def operators_commands():
    return sorted(
        name
        for name, app in get_commands().items()
        if not app.startswith("django.") and isinstance(load_command_class(app, name), OperatorCommand)
    )


# How each command is called so that it prints names. A new command has to be added here.
CALLS = {
    "access": [("root@example.com",), ("ada",), ("nobody" + NAME,)],
    "api_tokens": [("list",), ("list", "--user", "nobody" + NAME), ("revoke", NAME)],
    "audit": [("verify",), ("head",), ("segments",), ("seal",), ("show-segment", NAME), ("verify", "--segments", NAME)],
    "backup": [("{file}",), ("/none/" + NAME,)],
    "configuration": [("export",), ("apply", NAME), ("diff", "{file}"), ("apply", "{file}", "--dry-run")],
    "conformance": [],  # it prints what servers answer: tests/conformance/test_command.py
    "create_admin": [],
    "doctor": [()],
    "events": [("list",), ("retry",), ("retry", "--subscriber", NAME)],
    "local_accounts": [()],
    "remove_second_factor": [("nobody" + NAME,)],
    "reseal": [()],
    "reset_password": [],
    "restore": [("{file}",), (NAME,)],
    "retention": [("run",), ()],
    "mail": [("list",), ("add", NAME), ("add", "ops@example.com", "--events", NAME), ("remove", NAME), ("digest",)],
    "saml_connection": [("list",), ("delete", "{connection}", "--confirm", NAME), ("refresh", NAME)],
    "scim_attribute": [("list",), ("add", NAME, NAME, "--description", NAME), ("remove", NAME, "--confirm", NAME)],
    "scim_client": [("list",), ("revoke", NAME, "--confirm", "Revoke"), ("create", NAME, "--secret")],
    "scim_key": [("list",), ("revoke", "--confirm", "Revoke", "--key-id", NAME), ("generate", "--expires", NAME)],
    "setup_link": [
        ("list",),
        ("create", NAME, "--scope", "both"),
        ("create", "", "--scope", "saml"),
        ("revoke", NAME),
    ],
    "simulate_entra": [],
    "stream": [
        ("list",),
        ("delete", NAME),
        ("create", NAME, "https://example.com"),
        ("create", "SIEM", NAME),
    ],
    "sync_saml_users": [()],
    "webhook": [
        ("list",),
        ("delete", NAME),
        ("create", NAME, "--events", "user.linked"),
        ("create", "https://example.com", "--events", NAME),
    ],
    "who_had": [("global_administrator",), ("reports", "--csv"), (NAME,)],
}


@pytest.fixture
def names(db):
    """Names that act wherever a name can be. Written past the checks, as data from before there were any."""
    admin = make_administrator("root@example.com")
    ada = make_user("ada")
    team, group = make_team("T"), make_group("G", [ada])
    map_group(group, "global_administrator", ["reports"], [team])
    User.objects.filter(pk=admin.pk).update(display_name=NAME)
    User.objects.filter(pk=ada.pk).update(display_name=NAME, work_email=NAME)
    Team.objects.filter(pk=team.pk).update(name=NAME)
    IdpGroup.objects.filter(pk=group.pk).update(display_name=NAME)
    key, _ = generate_key("Entra", actor=ADMIN)
    ApiKey.objects.filter(pk=key.pk).update(name=NAME)
    OAuthClient.objects.create(name=NAME)
    create_link("Ada" + NAME, "both", actor=ADMIN, made_by=admin)
    IdentityProvider.objects.update(name=NAME)
    Webhook.objects.create(url=f"https://{NAME}", sealed_secret=b"x")
    MailRecipient.objects.create(address=NAME, language="de")
    CustomAttribute.objects.create(schema="urn:x:y", name=NAME, path_folded="x", type="string", description=NAME)
    return {"user": ada}


def assert_harmless(text):
    assert [character for character in text if character in ACTS and character not in ALLOWED] == []
    assert not any(line.startswith("[31mFORGED") or line == "FORGED" for line in text.splitlines())


def outcome(name, *arguments):
    out, err = StringIO(), StringIO()
    refusal = ""
    try:
        call_command(name, *arguments, stdout=out, stderr=err)
    except CommandError as error:
        refusal = str(error)
        assert "\n" not in refusal
    except SystemExit:
        pass
    return out.getvalue(), err.getvalue() + refusal


def test_every_operators_command_is_tried():
    assert set(operators_commands()) <= set(CALLS)


@pytest.mark.parametrize(("name", "arguments"), [(name, call) for name, calls in CALLS.items() for call in calls])
def test_what_a_command_prints_does_not_act(names, name, arguments, tmp_path):
    document = tmp_path / "document.json"
    document.write_text(json.dumps({"teams": [NAME, "New"]}))
    filled = [each.format(file=document, connection="11111111-1111-4111-8111-111111111111") for each in arguments]

    out, err = outcome(name, *filled)

    assert_harmless(out)
    assert_harmless(err)
    assert out or err


@pytest.mark.parametrize(
    "call", [("scim_key", "list"), ("configuration", "export"), ("who_had", "reports"), ("access", "ada"), ("doctor",)]
)
def test_json_says_the_names_as_they_are_and_does_not_act(names, call):
    out, _ = outcome(*call, "--json")

    assert_harmless(out)
    assert json.loads(out)


def test_what_is_exported_is_the_name_itself(names):
    for extra in ((), ("--json",)):
        out, _ = outcome("configuration", "export", *extra)

        assert NAME in json.loads(out)["teams"]


@pytest.mark.parametrize(
    "code", [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xE0041, 0xD800]
)
def test_each_character_that_acts_is_escaped_as_json_writes_it(code):
    escaped = visible(f"a{chr(code)}b")

    assert escaped.isprintable()
    assert json.loads(f'"{escaped}"') == f"a{chr(code)}b"


@pytest.mark.parametrize("text", ["Åda Ödegård", "中文", "👩‍💻", "a – b", "nbsp\u00a0x", "עברית", 'quote " and \\'])
def test_ordinary_text_stays_as_it_is(text):
    assert visible(text) == visible_lines(text) == text
    assert visible_values({"a": [text, 1, None]}) == {"a": [text, 1, None]}
