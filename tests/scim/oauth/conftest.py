"""A site that has refused nobody yet, and clients with secrets."""

from typing import Any

import pytest
from django.test import Client

from scim.credentials.oauth_clients import create_client_with_secret
from scim.oauth.refused_requests import refusal_limit
from tests.builders import ADMIN, administrators_browser


@pytest.fixture(autouse=True)
def nobody_was_refused() -> None:
    refusal_limit.reached_in = None


@pytest.fixture
def made(db: Any) -> tuple[Any, str]:
    """A client with its secret's text."""
    client, secret = create_client_with_secret("Entra", actor=ADMIN)
    return client, secret.text


@pytest.fixture
def admin_client(db: Any, client: Client) -> Client:
    """The browser of an administrator who has just signed in."""
    return administrators_browser(client)
