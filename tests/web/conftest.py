"""Browsers for tests of pages: signed in through the real sign-in page, or through a linked identity."""

from collections.abc import Callable

import pytest
from django.test import Client

from gatekeeper.directory.models import User
from tests.builders import PASSWORD, link, make_administrator, make_group, make_provider, make_user, map_group
from tests.idp_metadata import entra_metadata
from tests.web.pages import signed_in

SIGN_IN = "/sign-in/"


@pytest.fixture
def administrator(db: None) -> User:
    return make_administrator()


@pytest.fixture
def admin_client(administrator: User, client: Client) -> Client:
    """A browser of the local administrator, signed in by the page's own form."""
    answer = client.post(SIGN_IN, {"email": "root@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    return client


@pytest.fixture
def browser_of(db: None) -> Callable[[User], Client]:
    """A browser of a person who came in through an identity provider."""
    return lambda user: signed_in(Client(), user)


@pytest.fixture
def person_with(browser_of: Callable[[User], Client]) -> Callable[..., Client]:
    """A browser of somebody whose group gives this level and these permissions."""

    def make(level: str = "collaborator", *permissions: str) -> Client:
        make_provider()
        user = make_user("person@example.com")
        map_group(make_group("GK People", [user]), level, permissions)
        link()
        return browser_of(user)

    return make


@pytest.fixture(scope="session")
def metadata() -> bytes:
    return entra_metadata()
