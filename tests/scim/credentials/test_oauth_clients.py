"""OAuth clients: made, given further secrets, revoked; on the services and by command."""

import json
import logging
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.management import CommandError, call_command

from gatekeeper.audit.models import AuditEntry
from gatekeeper.errors import InvalidValue
from gatekeeper.secrets.bearer_keys import digest
from scim.credentials.access_tokens import issue_token
from scim.credentials.api_keys import RevokeNotConfirmed
from scim.credentials.federation_settings import LONGEST, Federation, audience_spellings
from scim.credentials.oauth_clients import (
    SECRETS,
    ClientIsFederated,
    ClientNotFound,
    SecretNotFound,
    create_client_with_secret,
    create_federated_client,
    list_clients,
    revoke_client,
    revoke_secret,
    rotate_secret,
)
from scim.models import ClientSecret, OAuthClient
from scim.statements.find_credential import find_active
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FEDERATION = Federation(
    issuer="https://login.example.com/tenant/v2.0",
    jwks_url="https://login.example.com/tenant/discovery/v2.0/keys",
    subject="11111111-2222-4333-8444-555555555555",
    audience="api://aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee/.default",
)


def changed(**parts: str) -> Federation:
    return Federation(**{**{name: getattr(FEDERATION, name) for name in LONGEST}, **parts})


def test_a_secret_is_recognisable_and_only_its_digest_is_stored() -> None:
    client, made = create_client_with_secret("  Entra ", actor=ADMIN)

    assert client.name == "Entra"
    assert not client.is_federated
    assert SECRETS.is_well_formed(made.text)
    assert len(bytes.fromhex(made.text[4:68])) == 32
    assert made.secret.digest == digest(made.text)
    assert made.text not in str(ClientSecret.objects.values()) + str(list(AuditEntry.objects.values()))


@time_machine.travel(NOW, tick=False)
def test_a_secret_ends_after_a_year_unless_another_end_is_said() -> None:
    client, made = create_client_with_secret("Entra", actor=ADMIN)
    assert made.secret.expires_at == NOW + timedelta(days=365)

    for ends in (timedelta(days=1), timedelta(days=90), timedelta(days=3 * 365 + 1)):
        assert rotate_secret(client.id, actor=ADMIN, expires_at=NOW + ends).secret.expires_at == NOW + ends


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize("ends", [timedelta(days=-1), timedelta(hours=23), timedelta(days=1097)])
def test_no_secret_is_without_an_end_between_a_day_and_three_years(ends: timedelta) -> None:
    client, _ = create_client_with_secret("Entra", actor=ADMIN)

    with pytest.raises(InvalidValue, match="one day to three years"):
        create_client_with_secret("Entra", actor=ADMIN, expires_at=NOW + ends)
    with pytest.raises(InvalidValue, match="one day to three years"):
        rotate_secret(client.id, actor=ADMIN, expires_at=NOW + ends)

    assert OAuthClient.objects.count() == ClientSecret.objects.count() == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "a\nb", "a\u202eb"])
def test_a_name_that_says_nothing_or_acts_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="name"):
        create_client_with_secret(name, actor=ADMIN)
    with pytest.raises(InvalidValue, match="name"):
        create_federated_client(name, FEDERATION, actor=ADMIN)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        *((name, "") for name in LONGEST),
        *((name, value) for name in LONGEST for value in ("a b", "ü", "a\x00", "https://x.example/" + "x" * 500)),
        ("issuer", "http://login.example.com/"),
        ("issuer", "login.example.com"),
        ("jwks_url", "http://login.example.com/keys"),
        ("jwks_url", "file:///etc/passwd"),
        ("jwks_url", "https://user:secret@login.example.com/"),
        ("jwks_url", "https://169.254.169.254/keys"),
        ("jwks_url", "https://metadata.google.internal/keys"),
        ("jwks_url", "https://[fd00:ec2::254]/keys"),
        ("audience", "/.default"),
    ],
)
def test_a_federation_with_a_part_that_cannot_be_used_is_refused(part: str, value: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        create_federated_client("Entra", changed(**{part: value}), actor=ADMIN)

    assert refused.value.attribute == part
    assert not OAuthClient.objects.exists()


def test_http_is_for_this_machine_while_the_site_is_on_it(settings: Any) -> None:
    local = changed(issuer="http://127.0.0.1:9/v2.0", jwks_url="http://127.0.0.1:9/keys")
    settings.PUBLIC_URL = "https://gk.example.com"
    with pytest.raises(InvalidValue):
        create_federated_client("Entra", local, actor=ADMIN)

    settings.PUBLIC_URL = "http://127.0.0.1:8000"

    assert create_federated_client("Entra", local, actor=ADMIN).is_federated


@pytest.mark.parametrize("audience", ["api://x", "api://x/.default"])
def test_an_audience_has_two_spellings(audience: str) -> None:
    assert audience_spellings(audience) == {"api://x", "api://x/.default"}


def test_several_secrets_are_active_until_one_is_revoked_with_its_tokens() -> None:
    client, first = create_client_with_secret("Entra", actor=ADMIN)
    second = rotate_secret(client.id, actor=ADMIN)
    of_first, of_second = issue_token(client, first.secret), issue_token(client, second.secret)
    assert find_active(of_first) == find_active(of_second) == client

    revoke_secret(client.id, first.secret.id, "Revoke", actor=ADMIN)

    assert find_active(of_first) is None
    assert find_active(of_second) == client
    with pytest.raises(SecretNotFound):
        revoke_secret(client.id, first.secret.id, "Revoke", actor=ADMIN)


def test_a_revoked_client_is_over_with_all_that_it_has() -> None:
    client, made = create_client_with_secret("Entra", actor=ADMIN)
    token = issue_token(client, made.secret)

    revoke_client(client.id, "Revoke", actor=ADMIN)

    assert find_active(token) is None
    assert not ClientSecret.objects.filter(revoked_at=None).exists()
    assert list_clients(with_revoked=False) == []
    for repeated in (
        lambda: revoke_client(client.id, "Revoke", actor=ADMIN),
        lambda: rotate_secret(client.id, actor=ADMIN),
        lambda: revoke_secret(client.id, made.secret.id, "Revoke", actor=ADMIN),
    ):
        with pytest.raises(ClientNotFound):
            repeated()


@pytest.mark.parametrize("phrase", ["", "revoke", "REVOKE", " Revoke", "Revoke "])
def test_revoking_takes_exactly_the_phrase(phrase: str) -> None:
    client, made = create_client_with_secret("Entra", actor=ADMIN)

    with pytest.raises(RevokeNotConfirmed):
        revoke_client(client.id, phrase, actor=ADMIN)
    with pytest.raises(RevokeNotConfirmed):
        revoke_secret(client.id, made.secret.id, phrase, actor=ADMIN)

    assert find_active(issue_token(client, made.secret)) == client


def test_a_secret_of_another_client_is_not_found() -> None:
    client, _ = create_client_with_secret("Entra", actor=ADMIN)
    _, other = create_client_with_secret("Okta", actor=ADMIN)

    with pytest.raises(SecretNotFound):
        revoke_secret(client.id, other.secret.id, "Revoke", actor=ADMIN)
    with pytest.raises(ClientNotFound):
        revoke_secret(uuid4(), other.secret.id, "Revoke", actor=ADMIN)


def test_a_federated_client_has_no_secret_to_rotate() -> None:
    client = create_federated_client("Entra", FEDERATION, actor=ADMIN)

    with pytest.raises(ClientIsFederated):
        rotate_secret(client.id, actor=ADMIN)


def test_every_change_is_in_the_audit_trail() -> None:
    client, made = create_client_with_secret("Entra", actor=ADMIN)
    rotate_secret(client.id, actor=ADMIN)
    revoke_secret(client.id, made.secret.id, "Revoke", actor=ADMIN)
    revoke_client(client.id, "Revoke", actor=ADMIN)
    create_federated_client("Entra 2", FEDERATION, actor=ADMIN)

    events = list(AuditEntry.objects.order_by("pk").values_list("event", flat=True))
    assert events == [
        "oauth_client.created",
        "client_secret.added",
        "client_secret.revoked",
        "oauth_client.revoked",
        "oauth_client.created",
    ]


# ── manage.py scim_client ────────────────────────────────────────────────────────────────────────────────────────

PARTS = ["--issuer", FEDERATION.issuer, "--jwks-url", FEDERATION.jwks_url]
PARTS += ["--subject", FEDERATION.subject, "--audience", FEDERATION.audience]


def scim_client(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command("scim_client", *arguments, "--json", stdout=out)
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def test_the_documents_of_the_command() -> None:
    made = scim_client("create", "Entra", "--secret")
    assert made.keys() == {
        "client_id", "name", "token_url", "scim_url", "secrets", "federation", "client_secret",
    }  # fmt: skip
    assert made["token_url"].endswith("/oauth2/token")
    assert made["scim_url"].endswith("/scim/v2")
    assert made["federation"] is None
    assert made["secrets"][0].keys() == {"secret_id", "expires_at", "created_at", "last_used_at", "revoked_at"}

    federated = scim_client("create", "Entra 2", *PARTS)
    assert federated["secrets"] == []
    assert federated["federation"] == {name: getattr(FEDERATION, name) for name in LONGEST}
    assert "client_secret" not in federated

    rotated = scim_client("rotate", made["client_id"], "--expires", (datetime.now(UTC) + timedelta(days=2)).isoformat())
    assert rotated["client_secret"] != made["client_secret"]
    assert len(rotated["secrets"]) == 2

    old = made["secrets"][0]["secret_id"]
    assert scim_client("revoke", made["client_id"], "--secret-id", old, "--confirm", "Revoke") == {"revoked": [old]}
    assert scim_client("revoke", made["client_id"], "--confirm", "Revoke") == {"revoked": [made["client_id"]]}
    listed = scim_client("list")["clients"]
    assert {each["client_id"] for each in listed} == {made["client_id"], federated["client_id"]}
    assert "client_secret" not in str(listed)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["create", "Entra"], 2),
        (["create", "Entra", "--secret", *PARTS], 2),
        (["create", "Entra", *PARTS[:-2]], 2),
        (["create", "Entra", *PARTS, "--expires", "2027-01-01"], 2),
        (["create", "Entra", "--secret", "--expires", "soon"], 1),
        (["create", "Entra", "--secret", "--expires", "2020-01-01"], 1),
        (["create", " ", "--secret"], 1),
        (["rotate", str(uuid4())], 1),
        (["rotate", "x"], 1),
        (["revoke", str(uuid4()), "--confirm", "Revoke"], 1),
        (["revoke", str(uuid4()), "--secret-id", "x", "--confirm", "Revoke"], 1),
        (["revoke", str(uuid4())], 1),
    ],
)
def test_what_the_command_refuses_is_one_clear_line_and_changes_nothing(arguments: list[str], status: int) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("scim_client", *arguments, stdout=StringIO())

    assert refused.value.returncode == status
    assert "\n" not in str(refused.value)
    assert not OAuthClient.objects.exists()


def test_nothing_that_is_logged_has_a_secret_in_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        made = scim_client("create", "Entra", "--secret")

    assert made["client_secret"] not in caplog.text
