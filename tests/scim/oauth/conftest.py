"""A site that has refused nobody yet, and clients with secrets."""

from typing import Any

import pytest

from scim.credentials.oauth_clients import create_client_with_secret
from scim.oauth.refused_requests import refusal_limit
from tests.builders import ADMIN


@pytest.fixture(autouse=True)
def nobody_was_refused() -> None:
    refusal_limit.reached_in = None


@pytest.fixture
def made(db: Any) -> tuple[Any, str]:
    """A client with its secret's text."""
    client, secret = create_client_with_secret("Entra", actor=ADMIN)
    return client, secret.text
