"""Workload identity federation: which client an assertion stands for, and the keys of its issuer, fetched over HTTP.

RFC 7523 §2.2 and §3; RFC 7517 §5.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from gatekeeper.signed_tokens.models import KeySet
from scim.credentials.federation_settings import Federation
from scim.credentials.oauth_clients import create_federated_client, revoke_client
from scim.models import OAuthClient, TokenRequest
from scim.oauth.reasons import Reason, reason_text
from tests.builders import ADMIN
from tests.scim.oauth.asking import ask, with_secret
from tests.scim.oauth.issuing import EC_KEY, KEY, NOW, Issuer, Publisher, ask_with, later
from tests.signed_tokens.minting import jwk, key_set

pytestmark = pytest.mark.django_db


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher().serving() as served:
        yield served


@pytest.fixture(autouse=True)
def clock(settings: Any) -> Iterator[Any]:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    with time_machine.travel(NOW, tick=False) as machine:
        yield machine


@pytest.fixture
def issuer(publisher: Publisher) -> Issuer:
    return Issuer(publisher)


def made(issuer: Issuer, **changed: str) -> OAuthClient:
    usual = issuer.publisher.federation
    parts = {name: getattr(usual, name) for name in Federation.__slots__}
    return create_federated_client("Entra", Federation(**{**parts, **changed}), actor=ADMIN)


def last() -> TokenRequest:
    entry = TokenRequest.objects.first()
    assert entry is not None
    return entry


# ── Which client ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_client_id_issuer_subject_and_audience_say_which_client_it_is(issuer: Issuer) -> None:
    made(issuer, subject="another")
    made(issuer, audience="api://another")
    client = made(issuer)

    assert ask_with(issuer.assertion()).status_code == 200
    assert last().client == client


def test_the_nearest_client_is_named_when_something_differs(issuer: Issuer) -> None:
    client = made(issuer)

    assert ask_with(issuer.assertion(sub="x")).status_code == 401
    assert (last().client, last().failed_check) == (client, "is_about_the_subject")
    assert ask_with(issuer.assertion(aud="x")).status_code == 401
    assert (last().client, last().failed_check) == (client, "is_meant_for_us")


def test_two_clients_of_one_identity_have_to_be_told_apart_by_client_id(issuer: Issuer) -> None:
    client, _ = made(issuer), made(issuer)

    assert ask_with(issuer.assertion()).status_code == 401
    assert last().reason == Reason.SEVERAL_CLIENTS
    assert ask_with(issuer.assertion(), client.id).status_code == 200


def test_an_issuer_that_no_client_has_is_nobody(issuer: Issuer) -> None:
    assert ask_with(issuer.assertion()).status_code == 401
    assert last().reason == Reason.NO_CLIENT_FOR_ASSERTION
    for odd in ("\x00", "\ud800", 7, None, ["x"], {"a": "b"}):
        assert ask_with(issuer.assertion(iss=odd)).status_code == 401
        assert last().reason == Reason.NO_CLIENT_FOR_ASSERTION
    assert ask_with("junk").status_code == 401
    assert last().failed_check == "is_a_token"


def test_an_assertion_of_one_client_is_not_one_of_another(issuer: Issuer) -> None:
    made(issuer)
    other = made(issuer, subject="another")

    assert ask_with(issuer.assertion(), other.id).status_code == 401
    assert last().failed_check == "is_about_the_subject"


def test_a_revoked_client_gets_nothing_and_neither_does_a_secret_for_a_federated_one(issuer: Issuer) -> None:
    client = made(issuer)
    assert ask(with_secret(client, "gks_x")).status_code == 401
    assert last().reason == Reason.CLIENT_IS_FEDERATED

    revoke_client(client.id, "Revoke", actor=ADMIN)

    assert ask_with(issuer.assertion(), client.id).status_code == 401
    assert last().reason == Reason.CLIENT_REVOKED
    assert ask_with(issuer.assertion()).status_code == 401
    assert last().reason == Reason.NO_CLIENT_FOR_ASSERTION


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_are_fetched_once_and_kept(issuer: Issuer, publisher: Publisher) -> None:
    client = made(issuer)

    for _ in range(5):
        assert ask_with(issuer.assertion(), client.id).status_code == 200

    assert publisher.asked == 1


def test_a_new_key_is_found_and_an_unknown_one_asked_for_once_a_minute(
    issuer: Issuer, publisher: Publisher, clock: Any
) -> None:
    client = made(issuer)
    new = {"alg": "ES256", "kid": "new"}
    assert ask_with(issuer.assertion(), client.id).status_code == 200

    clock.move_to(NOW + timedelta(seconds=90))
    publisher.answer = key_set(jwk(KEY, "k1"), jwk(EC_KEY, "new"))
    assert ask_with(issuer.assertion(new, key=EC_KEY), client.id).status_code == 200
    assert ask_with(issuer.assertion(), client.id).status_code == 200
    assert publisher.asked == 2

    for second in range(10):
        clock.move_to(NOW + timedelta(seconds=100 + second))
        assert ask_with(issuer.assertion({"kid": f"forged-{second}"}), client.id).status_code == 401
    assert publisher.asked == 2
    clock.move_to(NOW + timedelta(seconds=151))
    assert ask_with(issuer.assertion({"kid": "forged"}), client.id).status_code == 401
    assert publisher.asked == 3


def test_a_withdrawn_key_ends_within_the_hour(issuer: Issuer, publisher: Publisher, clock: Any) -> None:
    client = made(issuer)
    assert ask_with(issuer.assertion(), client.id).status_code == 200

    publisher.answer = key_set(jwk(EC_KEY, "new"))
    clock.move_to(NOW + timedelta(minutes=61))

    assert ask_with(issuer.assertion(exp=later(hours=3)), client.id).status_code == 401
    assert last().failed_check == "has_a_known_key"


def test_an_unreachable_key_host_leaves_the_known_keys_in_use_and_is_named_for_unknown_ones(
    issuer: Issuer, publisher: Publisher, clock: Any
) -> None:
    client = made(issuer)
    assert ask_with(issuer.assertion(), client.id).status_code == 200

    for minutes, fault in ((62, 500), (124, 302)):
        publisher.status = fault
        clock.move_to(NOW + timedelta(minutes=minutes))
        assert ask_with(issuer.assertion(exp=later(hours=5)), client.id).status_code == 200
    assert ask_with(issuer.assertion({"kid": "new"}, exp=later(hours=5)), client.id).status_code == 401
    assert last().failed_check == "has_a_known_key"
    assert "JWKS URL (" in reason_text(last().reason, last().parameters)


def test_a_key_host_that_never_was_there_is_named(issuer: Issuer) -> None:
    with Publisher().serving() as gone:
        jwks_url = gone.federation.jwks_url
    client = made(issuer, jwks_url=jwks_url)

    assert ask_with(issuer.assertion(), client.id).status_code == 401

    assert "nothing listens there" in reason_text(last().reason, last().parameters)


@pytest.mark.parametrize("document", [b"", b"<html>", b'{"keys": []}', b'{"keys": [' + b" " * 300_000 + b"]}"])
def test_what_is_no_key_set_is_no_key(issuer: Issuer, publisher: Publisher, document: bytes) -> None:
    client = made(issuer)
    publisher.answer = document

    assert ask_with(issuer.assertion(), client.id).status_code == 401
    assert last().failed_check == "has_a_known_key"


@pytest.mark.parametrize(
    "jwks_url", ["https://10.0.0.1/keys", "https://127.0.0.1:1/keys", "https://169.254.169.254/keys"]
)
def test_inner_addresses_are_never_asked(issuer: Issuer, settings: Any, jwks_url: str) -> None:
    """Also when they were stored while the site itself was on this machine."""
    client = made(issuer)
    OAuthClient.objects.filter(pk=client.pk).update(jwks_url=jwks_url)
    settings.PUBLIC_URL = "https://gk.example.com"

    assert ask_with(issuer.assertion(), client.id).status_code == 401

    assert "is not a public address" in KeySet.objects.get(url=jwks_url).problem
