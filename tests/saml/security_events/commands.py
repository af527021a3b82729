"""An identity provider that gives commands: its keys, its tokens, and the requests that carry them."""

import itertools
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gatekeeper.api.models import ApiToken
from gatekeeper.api.tokens import create_token
from gatekeeper.directory.models import SignIn, User
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from saml.addresses import event_addresses_of
from saml.models import Connection, SourceKind
from saml.security_events.sources import set_source
from tests.builders import ADMIN, link, make_user, map_group
from tests.signed_tokens.minting import jwk, key_set, mint, private_key

ISSUER, JWKS = "https://tenant.okta.example", "https://tenant.okta.example/oauth2/v1/keys"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
STREAM = "https://schemas.openid.net/secevent/ssf/event-type/"
_ids = itertools.count(1)
ABSENT = object()


def without_absent(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ABSENT}


@dataclass
class Commander:
    """``published`` is what its JWKS URL answers; ``asked`` counts how often."""

    connection: Connection
    issuer: str = ISSUER
    key: Any = field(default_factory=lambda: private_key("RS256"))
    published: bytes = b""
    asked: int = 0
    client: Client = field(default_factory=Client)

    def __post_init__(self) -> None:
        self.published = self.published or key_set(jwk(self.key, "k1"))

    def fetch(self, url: str) -> bytes:
        assert url == JWKS
        self.asked += 1
        return self.published

    def set_up(self) -> None:
        for kind in SourceKind:
            set_source(self.connection.id, kind, issuer=self.issuer, jwks_url=JWKS, actor=ADMIN)

    @property
    def addresses(self) -> Any:
        return event_addresses_of(self.connection.id)

    # ── Universal Logout ──

    def bearer(self, header: dict[str, Any] | None = None, **changed: Any) -> str:
        now = int(timezone.now().timestamp())
        key = changed.pop("key", self.key)
        stated = {"alg": "RS256", "kid": "k1", "typ": "global-token-revocation+jwt", **(header or {})}
        claims = {
            "jti": f"gtr-{next(_ids)}", "iss": self.issuer, "sub": "0oaapp",
            "aud": self.addresses.global_token_revocation, "iat": now, "nbf": now - 300, "exp": now + 300, **changed,
        }  # fmt: skip
        return mint(without_absent(stated), without_absent(claims), key)

    def revoke(self, body: Any, *, bearer: str | None = None, **options: Any) -> Any:
        text = body if isinstance(body, str) else json.dumps(body)
        content_type = options.pop("content_type", "application/json")
        headers = {
            "authorization": f"Bearer {bearer if bearer is not None else self.bearer()}",
            **options.pop("headers", {}),
        }
        path = f"/saml/{self.connection.id}/global-token-revocation"
        return self.client.post(path, text, content_type=content_type, headers=headers, **options)

    def revoke_email(self, email: str, **options: Any) -> Any:
        return self.revoke({"sub_id": {"format": "email", "email": email}}, **options)

    # ── Pushed events ──

    def event_token(self, events: dict[str, Any], header: dict[str, Any] | None = None, **changed: Any) -> str:
        key = changed.pop("key", self.key)
        stated = {"alg": "RS256", "kid": "k1", "typ": "secevent+jwt", **(header or {})}
        claims = {
            "jti": f"set-{next(_ids)}", "iss": self.issuer, "aud": self.addresses.security_events,
            "iat": int(timezone.now().timestamp()), "events": events, **changed,
        }  # fmt: skip
        return mint(without_absent(stated), without_absent(claims), key)

    def push(self, text: str, **options: Any) -> Any:
        content_type = options.pop("content_type", "application/secevent+jwt")
        path = f"/saml/{self.connection.id}/security-events"
        return self.client.post(path, text, content_type=content_type, **options)

    def push_event(self, name: str, payload: dict[str, Any] | None = None, **changed: Any) -> Any:
        return self.push(self.event_token({f"{CAEP}{name}": payload or {}}, **changed))


def open_things(user: User, *, sessions: int = 2, tokens: int = 0, **facts: Any) -> None:
    for _ in range(sessions):
        open_sign_in(user, actor=ADMIN, **facts)
    for number in range(tokens):
        create_token(user, f"token {number}", actor=ADMIN)


def what_is_open(user: User) -> tuple[int, int]:
    """Sessions and API tokens."""
    return SignIn.objects.open().filter(user=user).count(), ApiToken.objects.active().filter(user=user).count()


def commanding(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Commander:
    """The identity provider of the connection. Its JWKS URL is answered here; the fetch has tests of its own."""
    commander = Commander(connection)
    monkeypatch.setattr("saml.security_events.commands.fetch_keys", commander.fetch)
    commander.set_up()
    return commander


def somebody_with_open_things(connection: Connection) -> User:
    """Ada, linked through the connection, with two sessions and two API tokens."""
    map_group(None, "global_collaborator", ["api"])
    user = make_user("ada.obi@contoso.com", external_id="00u1ada")
    link()
    open_things(user, sessions=2, tokens=2, provider_id=connection.id, name_id="ada@nameid", session_index="_idx")
    return user
