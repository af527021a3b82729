"""An OAuth client as a JSON document, for commands and whoever else shows it: never with a secret in it."""

from dataclasses import fields
from typing import Any

from gatekeeper.runtime.command import iso_utc
from scim.credentials.federation_settings import Federation
from scim.models import ClientSecret, OAuthClient
from scim.protocol.addresses import scim_url, token_url


def client_document(client: OAuthClient) -> dict[str, Any]:
    """What a client is, what it has, and the two addresses that it needs."""
    parts = {each.name: getattr(client, each.name) for each in fields(Federation)}
    return {
        "client_id": str(client.id),
        "name": client.name,
        "token_url": token_url(),
        "scim_url": scim_url(),
        "secrets": [_secret_document(secret) for secret in client.secrets.all()],
        "federation": parts if client.is_federated else None,
    }


def listed_client_document(client: OAuthClient) -> dict[str, Any]:
    """The same with what has become of the client."""
    return {
        **client_document(client),
        "created_at": iso_utc(client.created_at),
        "last_used_at": iso_utc(client.last_used_at),
        "revoked_at": iso_utc(client.revoked_at),
    }


def _secret_document(secret: ClientSecret) -> dict[str, Any]:
    return {
        "secret_id": str(secret.id),
        "expires_at": iso_utc(secret.expires_at),
        "created_at": iso_utc(secret.created_at),
        "last_used_at": iso_utc(secret.last_used_at),
        "revoked_at": iso_utc(secret.revoked_at),
    }
