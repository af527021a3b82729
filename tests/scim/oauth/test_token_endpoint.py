"""The token endpoint: RFC 6749 §2.3.1 (client secrets), §3.2, §4.4 and §5; RFC 8414."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gatekeeper.secrets.bearer_keys import digest
from scim.credentials.access_tokens import ACCESS_TOKENS
from scim.credentials.oauth_clients import (
    SECRETS,
    create_client_with_secret,
    revoke_client,
    revoke_secret,
    rotate_secret,
)
from scim.models import AccessToken, ClientSecret, OAuthClient, RefusedTokenRequestCount, TokenRequest
from scim.oauth.reasons import REASON_TEXTS, Reason, answer_text
from scim.oauth.refused_requests import MOST_LISTED, MOST_REFUSED, refusal_limit
from scim.oauth.token_log import forget_expired_tokens
from scim.oauth.token_requests import JWT_BEARER, LONGEST_BODY
from tests.builders import ADMIN
from tests.scim.oauth.asking import FORM, TOKEN, ask, basic, with_secret

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
GRANT = {"grant_type": "client_credentials"}


def opens_scim(token: str) -> bool:
    answer = Client().get("/scim/v2/Users", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


# ── What is right ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_in_the_form_or_by_basic_brings_a_token_that_opens_scim(made: Any) -> None:
    """RFC 6749 §5.1."""
    client, secret = made
    for answer in (ask(with_secret(client, secret)), ask(GRANT, basic(client.id, secret))):
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Pragma"] == "no-cache"
        document = answer.json()
        assert document.keys() == {"access_token", "token_type", "expires_in", "scope"}
        assert (document["token_type"], document["expires_in"], document["scope"]) == ("Bearer", 3600, "scim")
        assert ACCESS_TOKENS.is_well_formed(document["access_token"])
        assert opens_scim(document["access_token"])
        assert document["access_token"] not in str(list(AccessToken.objects.values()))
        assert AccessToken.objects.filter(digest=digest(document["access_token"]), client=client).exists()

    assert list(TokenRequest.objects.values_list("accepted", "method", "client")) == [
        (True, "client_secret_basic", client.pk),
        (True, "client_secret_post", client.pk),
    ]


@pytest.mark.parametrize("scope", ["scim", "scim.readwrite", "scim scim.readwrite", ""])
def test_scopes_of_ours_are_granted(made: Any, scope: str) -> None:
    """RFC 6749 §3.3; an empty parameter counts as omitted (§3.2)."""
    answer = ask(with_secret(*made, scope=scope))

    assert answer.status_code == 200
    assert set(answer.json()["scope"].split()) == set((scope or "scim").split())


def test_unknown_parameters_are_ignored_and_the_case_of_basic_does_not_matter(made: Any) -> None:
    """RFC 6749 §3.2, RFC 9110 §11.1; client_id beside Basic is the same client."""
    client, secret = made
    header = basic(client.id, secret)

    assert ask({**GRANT, "resource": "https://x.example"}, header.replace("Basic", "bAsIc")).status_code == 200
    assert ask({**GRANT, "client_id": client.id}, header).status_code == 200
    assert ask(GRANT, header, content_type=f"{FORM}; charset=UTF-8").status_code == 200


def test_a_token_lives_for_an_hour(made: Any) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        token = ask(with_secret(*made)).json()["access_token"]
        clock.move_to(NOON + timedelta(minutes=59, seconds=59))
        assert opens_scim(token)
        clock.move_to(NOON + timedelta(hours=1))
        assert not opens_scim(token)
        assert forget_expired_tokens(timezone.now() + timedelta(seconds=1)) == 1
        assert not AccessToken.objects.exists()


def test_revoking_ends_tokens_at_once(made: Any) -> None:
    client, secret = made
    second = rotate_secret(client.id, actor=ADMIN)
    first_token = ask(with_secret(client, secret)).json()["access_token"]
    second_token = ask(with_secret(client, second.text)).json()["access_token"]

    revoke_secret(client.id, ClientSecret.objects.get(digest=digest(secret)).id, "Revoke", actor=ADMIN)
    assert not opens_scim(first_token)
    assert opens_scim(second_token)
    assert ask(with_secret(client, secret)).status_code == 401

    revoke_client(client.id, "Revoke", actor=ADMIN)
    assert not opens_scim(second_token)
    assert ask(with_secret(client, second.text)).status_code == 401


def test_requests_with_a_token_write_nothing_for_it_within_the_minute(made: Any) -> None:
    """Never a database write per request: reads do not write at all."""
    token = ask(with_secret(*made)).json()["access_token"]
    assert opens_scim(token)

    with CaptureQueriesContext(connection) as captured:
        assert opens_scim(token)

    statements = [each["sql"].lstrip().upper() for each in captured]
    assert statements
    assert not [each for each in statements if re.match("INSERT|UPDATE|DELETE", each)]


def test_of_a_secret_and_its_client_the_last_use_is_known(made: Any) -> None:
    client, secret = made
    token = ask(with_secret(client, secret)).json()["access_token"]
    assert ClientSecret.objects.get().last_used_at is not None
    assert OAuthClient.objects.get().last_used_at is None

    assert opens_scim(token)

    assert OAuthClient.objects.get().last_used_at is not None


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────

WRONG = SECRETS.new()
REQUESTS: dict[str, tuple[Any, str, int, str, Reason]] = {
    # name: (body, Authorization, status, error, reason); CC: the grant; ID and SECRET: those of the client
    "no_form": ("x=1", "BASIC", 400, "invalid_request", Reason.NO_GRANT_TYPE),
    "no_grant_type": ("client_id=ID&client_secret=SECRET", "", 400, "invalid_request", Reason.NO_GRANT_TYPE),
    "empty_grant_type": ("grant_type=", "BASIC", 400, "invalid_request", Reason.NO_GRANT_TYPE),
    "password": ("grant_type=password&username=a", "BASIC", 400, "unsupported_grant_type", Reason.OTHER_GRANT_TYPE),
    "jwt_bearer_grant": (
        "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=x",
        "BASIC", 400, "unsupported_grant_type", Reason.OTHER_GRANT_TYPE,
    ),
    "other_scope": ("CC&scope=admin", "BASIC", 400, "invalid_scope", Reason.SCOPE),
    "one_scope_of_two": ("CC&scope=scim+x", "BASIC", 400, "invalid_scope", Reason.SCOPE),
    "grant_type_twice": (
        "CC&CC",
        "BASIC", 400, "invalid_request", Reason.PARAMETER_REPEATED,
    ),
    "scope_twice": (
        "CC&scope=scim&scope=scim", "BASIC", 400, "invalid_request", Reason.PARAMETER_REPEATED,
    ),
    "unknown_parameter_twice": (
        "CC&x=1&x=2", "BASIC", 400, "invalid_request", Reason.PARAMETER_REPEATED,
    ),
    "two_assertions": (
        f"CC&client_assertion_type={JWT_BEARER}&client_assertion=a&client_assertion=b",
        "", 400, "invalid_request", Reason.PARAMETER_REPEATED,
    ),
    "secret_twice": (
        "CC&client_id=ID&client_secret=SECRET&client_secret=x",
        "", 400, "invalid_request", Reason.PARAMETER_REPEATED,
    ),
    "basic_and_form": (
        "CC&client_id=ID&client_secret=SECRET", "BASIC", 400, "invalid_request", Reason.TWO_WAYS,
    ),
    "basic_and_assertion": (
        f"CC&client_assertion_type={JWT_BEARER}&client_assertion=a",
        "BASIC", 400, "invalid_request", Reason.TWO_WAYS,
    ),
    "secret_and_assertion": (
        f"CC&client_secret=SECRET&client_assertion_type={JWT_BEARER}&client_assertion=a",
        "", 400, "invalid_request", Reason.TWO_WAYS,
    ),
    "basic_and_another_client_id": (
        f"CC&client_id={uuid4()}", "BASIC", 400, "invalid_request", Reason.TWO_WAYS,
    ),
    "assertion_without_type": (
        "CC&client_assertion=a.b.c", "", 400, "invalid_request", Reason.NO_ASSERTION,
    ),
    "type_without_assertion": (
        f"CC&client_assertion_type={JWT_BEARER}",
        "", 400, "invalid_request", Reason.NO_ASSERTION,
    ),
    "saml_assertion": (
        "CC&client_assertion=a&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        "", 401, "invalid_client", Reason.OTHER_ASSERTION_TYPE,
    ),
    "nul": ("CC&scope=%00", "BASIC", 400, "invalid_request", Reason.BODY_UNREADABLE),
    "nul_in_a_name": ("CC&%00=1", "BASIC", 400, "invalid_request", Reason.BODY_UNREADABLE),
    "no_utf8": (b"CC&x=\xff", "BASIC", 400, "invalid_request", Reason.BODY_UNREADABLE),
    "no_utf8_encoded": ("CC&x=%ff", "BASIC", 400, "invalid_request", Reason.BODY_UNREADABLE),
    "many_parameters": ("&".join(f"a{i}=" for i in range(31)), "BASIC", 400, "invalid_request", Reason.BODY_UNREADABLE),
    "too_long": ("x=" + "a" * LONGEST_BODY, "BASIC", 413, "invalid_request", Reason.BODY_TOO_LONG),
    "huge": ("x=" + "a" * 3_000_000, "BASIC", 413, "invalid_request", Reason.BODY_TOO_LONG),
    "nobody": ("CC", "", 401, "invalid_client", Reason.NO_AUTHENTICATION),
    "id_alone": ("CC&client_id=ID", "", 401, "invalid_client", Reason.NO_SECRET),
    "secret_alone": (
        "CC&client_secret=SECRET", "", 401, "invalid_client", Reason.NO_CLIENT_ID,
    ),
    "bearer": ("CC", "Bearer SECRET", 401, "invalid_client", Reason.OTHER_SCHEME),
    "basic_is_no_base64": ("CC", "Basic !!!", 401, "invalid_client", Reason.BASIC_UNREADABLE),
    "basic_is_no_text": ("CC", "Basic /////w==", 401, "invalid_client", Reason.BASIC_UNREADABLE),
    "basic_without_colon": ("CC", "Basic YQ==", 401, "invalid_client", Reason.BASIC_UNREADABLE),
    "basic_without_secret": ("CC", "Basic YTo=", 401, "invalid_client", Reason.BASIC_UNREADABLE),
    "basic_is_empty": ("CC", "Basic ", 401, "invalid_client", Reason.BASIC_UNREADABLE),
    "basic_with_nul": ("CC", "Basic YQA6Yg==", 401, "invalid_client", Reason.BASIC_UNREADABLE),
    "no_such_client": (
        f"CC&client_id={uuid4()}&client_secret=SECRET",
        "", 401, "invalid_client", Reason.CLIENT_UNKNOWN,
    ),
    "id_is_no_id": (
        "CC&client_id=%27+OR+1=1&client_secret=SECRET",
        "", 401, "invalid_client", Reason.CLIENT_UNKNOWN,
    ),
    "other_secret": (
        f"CC&client_id=ID&client_secret={WRONG}",
        "", 401, "invalid_client", Reason.SECRET_UNKNOWN,
    ),
    "half_a_secret": (
        "CC&client_id=ID&client_secret=gks_12", "", 401, "invalid_client", Reason.SECRET_INCOMPLETE,
    ),
    "api_key": (
        "CC&client_id=ID&client_secret=gk_12", "", 401, "invalid_client", Reason.SECRET_INCOMPLETE,
    ),
    "assertion_for_a_client_with_secrets": (
        f"CC&client_id=ID&client_assertion=a.b.c&client_assertion_type={JWT_BEARER}",
        "", 401, "invalid_client", Reason.CLIENT_HAS_NO_FEDERATION,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
def test_what_is_wrong_is_refused_as_rfc_6749_says(made: Any, name: str) -> None:
    """RFC 6749 §5.2; never a 500, and no token."""
    client, secret = made
    body, authorization, status, error, reason = REQUESTS[name]
    if isinstance(body, str):
        body = (
            body.replace("CC", "grant_type=client_credentials").replace("ID", str(client.id)).replace("SECRET", secret)
        )
    header = basic(client.id, secret) if authorization == "BASIC" else authorization

    answer = ask(body, header)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    assert all(" " <= each <= "~" and each not in '"\\' for each in answer.json()["error_description"])
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    entry = TokenRequest.objects.get()
    assert (entry.accepted, entry.reason) == (False, reason)
    assert secret not in str(list(TokenRequest.objects.values()))
    assert not AccessToken.objects.exists()


def test_every_reason_is_tried_or_belongs_to_another_table() -> None:
    tried = {each[4] for each in REQUESTS.values()}

    assert set(Reason) - tried == {
        Reason.NOT_A_FORM, Reason.PARAMETERS_IN_ADDRESS, Reason.NETWORK,
        Reason.CLIENT_REVOKED, Reason.SECRET_REVOKED, Reason.SECRET_EXPIRED, Reason.SECRET_OF_ANOTHER_CLIENT,
        Reason.CLIENT_IS_FEDERATED, Reason.NO_CLIENT_FOR_ASSERTION, Reason.SEVERAL_CLIENTS,
    }  # fmt: skip
    assert REASON_TEXTS.keys() == set(Reason)
    assert all(answer_text(reason, {"limit": 1, "name": "x"}).isascii() for reason in Reason)


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_only_forms_are_read(made: Any, content_type: str) -> None:
    """RFC 6749 §4.4.2."""
    answer = ask(json.dumps(with_secret(*made)), content_type=content_type)

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert TokenRequest.objects.get().reason == Reason.NOT_A_FORM


def test_parameters_in_the_address_are_refused(made: Any) -> None:
    """RFC 6749 §2.3.1: credentials must not be in the URI."""
    answer = ask(with_secret(*made), path=f"{TOKEN}?grant_type=client_credentials")

    assert answer.status_code == 400
    assert TokenRequest.objects.get().reason == Reason.PARAMETERS_IN_ADDRESS


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "options"])
def test_only_post_is_answered(method: str) -> None:
    """RFC 6749 §3.2."""
    answer = getattr(Client(), method)(TOKEN)

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_states_of_a_secret_are_distinguished_in_the_log_and_not_in_the_answer(made: Any) -> None:
    client, secret = made
    _, other = create_client_with_secret("Okta", actor=ADMIN)
    expired = rotate_secret(client.id, actor=ADMIN)
    ClientSecret.objects.filter(pk=expired.secret.pk).update(expires_at=timezone.now())
    revoked = rotate_secret(client.id, actor=ADMIN)
    revoke_secret(client.id, revoked.secret.id, "Revoke", actor=ADMIN)
    said = set()
    for text, reason in (
        (other.text, Reason.SECRET_OF_ANOTHER_CLIENT),
        (expired.text, Reason.SECRET_EXPIRED),
        (revoked.text, Reason.SECRET_REVOKED),
    ):
        answer = ask(with_secret(client, text))
        assert answer.status_code == 401
        said.add(answer.json()["error_description"].partition("reference")[0])
        assert TokenRequest.objects.first().reason == reason  # type: ignore[union-attr]
    revoke_client(client.id, "Revoke", actor=ADMIN)
    assert ask(with_secret(client, secret)).status_code == 401
    assert TokenRequest.objects.first().reason == Reason.CLIENT_REVOKED  # type: ignore[union-attr]
    assert len(said) == 1


def test_no_secret_and_no_token_is_logged(made: Any, caplog: pytest.LogCaptureFixture) -> None:
    client, secret = made
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("oauthlib").setLevel(logging.INFO)
        token = ask(with_secret(client, secret)).json()["access_token"]
        ask(with_secret(client, WRONG))

    assert all(text not in caplog.text for text in (secret, token, WRONG))


# ── Limits of what is refused ────────────────────────────────────────────────────────────────────────────────────


def test_beyond_200_refusals_a_minute_the_answer_is_429_and_what_is_right_still_works(made: Any) -> None:
    client, secret = made
    with time_machine.travel(NOON + timedelta(seconds=15), tick=False) as clock:
        answers = [ask(with_secret(client, WRONG)).status_code for _ in range(MOST_REFUSED)]
        assert set(answers) == {401}
        for _ in range(3):
            answer = ask(with_secret(client, WRONG))
            assert answer.status_code == 429
            assert answer.headers["Retry-After"] == "45"
            assert ask(with_secret(client, secret)).status_code == 200
        refusal_limit.reached_in = None  # another process, which has refused nobody yet
        assert ask(with_secret(client, WRONG)).status_code == 429
        assert ask(with_secret(client, secret)).status_code == 200
        assert TokenRequest.objects.filter(accepted=False).count() == MOST_LISTED
        counted = RefusedTokenRequestCount.objects.get()
        assert (counted.refused, counted.listed) == (MOST_REFUSED, MOST_LISTED)

        clock.move_to(NOON + timedelta(minutes=1))
        assert ask(with_secret(client, WRONG)).status_code == 401


def test_who_guesses_does_not_hide_a_client_from_the_log(made: Any) -> None:
    client, _ = made
    with time_machine.travel(NOON, tick=False):
        for _ in range(MOST_LISTED + 5):
            ask({**GRANT, "client_id": str(uuid4()), "client_secret": WRONG})
        ask(with_secret(client, WRONG))

    assert TokenRequest.objects.filter(client=client).count() == 1
    assert TokenRequest.objects.filter(client=None).count() == MOST_LISTED


# ── Metadata ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_metadata_says_what_the_endpoint_takes() -> None:
    """RFC 8414 §2 and §3.2."""
    answer = Client().get("/.well-known/oauth-authorization-server")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    document = answer.json()
    assert document["token_endpoint"] == document["issuer"] + TOKEN
    assert document["grant_types_supported"] == ["client_credentials"]
    assert set(document["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic", "client_secret_post", "private_key_jwt",
    }  # fmt: skip
    assert "RS256" in document["token_endpoint_auth_signing_alg_values_supported"]
    assert not {"none", "HS256"} & set(document["token_endpoint_auth_signing_alg_values_supported"])


def test_scim_s_own_document_names_both_ways(made: Any) -> None:
    """RFC 7643 §5, authenticationSchemes; the API key is the primary one."""
    token = ask(with_secret(*made)).json()["access_token"]
    answer = Client().get("/scim/v2/ServiceProviderConfig", headers={"Authorization": f"Bearer {token}"})

    schemes = {each["type"]: each["primary"] for each in answer.json()["authenticationSchemes"]}
    assert schemes == {"oauthbearertoken": True, "oauth2": False}
