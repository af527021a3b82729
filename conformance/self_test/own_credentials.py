"""Credentials for a run on this site: made for it, revoked at its end; the keys are over after an hour in any case."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.utils import timezone

from conformance.http.signals import undisturbed
from conformance.self_test.ports import free_port
from conformance.suite.server import Credentials, OAuthClient
from entra_client.protocol.workload_identity import WorkloadIdentity
from gatekeeper.audit.actor import Actor
from gatekeeper.errors import InvalidValue, NotFound
from scim.credentials.api_keys import REVOKE_PHRASE, generate_key, revoke_keys
from scim.credentials.federation_settings import Federation
from scim.credentials.oauth_clients import create_client_with_secret, create_federated_client, revoke_client
from scim.credentials.settings import Changes, change_settings
from scim.rate_limits.bucket import LOWEST_RATE

_ACTOR = Actor.command("conformance")
NAME = "Conformance self-test"
LASTS = timedelta(hours=1)  # for a run that was killed and could revoke nothing
SECRET_LASTS = timedelta(days=1, minutes=10)  # the shortest that there is


@contextmanager
def own_credentials() -> Iterator[Credentials]:
    """Yield credentials that the site accepts. Those of identity providers stay as they are."""
    with ExitStack() as made:
        client_id, secret = made.enter_context(_client())
        yield Credentials(
            api_key=made.enter_context(_key(NAME, {})),
            client=OAuthClient(client_id=client_id, client_secret=secret),
            federated=made.enter_context(_federated()),
            strict_key=made.enter_context(_key(f"{NAME}, strict", {"is_strict": True})),
            limited_key=made.enter_context(_key(f"{NAME}, limited", {"requests_per_second": LOWEST_RATE})),
        )


@contextmanager
def _key(name: str, settings: Changes) -> Iterator[str]:
    with undisturbed():
        key, text = generate_key(name, actor=_ACTOR, expires_at=timezone.now() + LASTS, rotate=True)
    try:
        if settings:
            change_settings(key, actor=_ACTOR, changes=settings)
        yield text
    finally:
        with undisturbed(), suppress(NotFound):  # an administrator has revoked it meanwhile
            revoke_keys(REVOKE_PHRASE, actor=_ACTOR, key_id=key.id)


@contextmanager
def _client() -> Iterator[tuple[str, str]]:
    with undisturbed():
        client, made = create_client_with_secret(NAME, actor=_ACTOR, expires_at=timezone.now() + SECRET_LASTS)
    try:
        yield str(client.id), made.text
    finally:
        _revoke(client.id)


@contextmanager
def _federated() -> Iterator[OAuthClient | None]:
    """A client whose issuer is the run itself, on this machine; None where the site fetches nothing from there."""
    with tempfile.TemporaryDirectory() as folder:
        issuer = WorkloadIdentity(str(uuid4()), Path(folder), free_port())
        trusted = Federation(
            issuer=issuer.issuer, jwks_url=issuer.jwks_url, subject=issuer.subject, audience=issuer.audience
        )
        try:
            with undisturbed():
                client = create_federated_client(f"{NAME}, federated", trusted, actor=_ACTOR)
        except InvalidValue:
            yield None
            return
        try:
            with issuer.published():
                yield OAuthClient(client_id=str(client.id), assertion=lambda: issuer.assertion(jti=uuid4().hex))
        finally:
            _revoke(client.id)


def _revoke(client_id: UUID) -> None:
    with undisturbed(), suppress(NotFound):
        revoke_client(client_id, REVOKE_PHRASE, actor=_ACTOR)
