"""Browsers for the management API's tests: an administrator's, and of somebody with given permissions."""

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth import SESSION_KEY as USER_KEY
from django.test import Client

from gatekeeper.api.tokens import create_token
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.sessions.browser_session import BACKEND, SESSION_KEY
from tests.builders import ADMIN, link, make_administrator, make_group, make_provider, make_user, map_group


def browser_of(user):
    browser = Client()
    session = browser.session
    session[USER_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[SESSION_KEY] = str(open_sign_in(user, actor=ADMIN).id)
    session.save()
    return browser


@pytest.fixture
def admin(db):
    return browser_of(make_administrator())


@pytest.fixture
def person(db):
    """Makes somebody with this level and these permissions; returns them, their group and their browser."""

    def make(level="collaborator", *permissions):
        make_provider()
        user = make_user("person@example.com")
        group = make_group("GK People", [user])
        map_group(group, level, permissions)
        link()
        return user, group, browser_of(user)

    return make


@pytest.fixture
def holder(person):
    """Makes somebody with the permission API and more, and a token of theirs: user, group, token's text."""

    def make(level="collaborator", *permissions):
        user, group, _ = person(level, "api", *permissions)
        return user, group, create_token(user, "script", actor=ADMIN)[1]

    return make
