"""Browsers that are signed in; reading pages as a person would, and counting what they cost."""

import re
from html import unescape
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.auth import SESSION_KEY as USER_KEY
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from gatekeeper.directory.models import User
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.sessions.browser_session import BACKEND, SESSION_KEY
from tests.builders import ADMIN


def signed_in(browser: Client, user: User) -> Client:
    """The browser with a session of this person, without a message of an identity provider and without a password."""
    session = browser.session
    session[USER_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = BACKEND
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session[SESSION_KEY] = str(open_sign_in(user, actor=ADMIN).id)
    session.save()
    return browser


def text_of(answer: Any) -> str:
    """The page's source with entities resolved."""
    return unescape(answer.content.decode())


def carried(answer: Any, form: str = "") -> str:
    """What the hidden field of a preview carries to Save; of the form with that id, where there are several."""
    for found in re.findall(
        r'<input type="hidden"\s+name="previewed"\s+value="([^"]*)"\s+form="([^"]*)"', text_of(answer)
    ):
        if form in ("", found[1]):
            return str(found[0])
    raise AssertionError(f"no preview for {form or 'any form'}")


def confirmation(answer: Any) -> str:
    """What ticking the checkbox beside a question sends."""
    return text_of(answer).split('name="confirmed"')[1].split('value="')[1].split('"', maxsplit=1)[0]


def meant(browser: Client, address: str, form: dict[str, Any] | None = None) -> Any:
    """What a form does once its question has been answered with yes."""
    asked = browser.post(address, form or {})
    assert asked.status_code == 422, "nothing was asked"
    return browser.post(address, {**(form or {}), "confirmed": confirmation(asked)}, follow=True)


def queries_of(browser: Client, address: str) -> int:
    """How many queries a page takes, after a first visit that may fill caches."""
    browser.get(address)
    with CaptureQueriesContext(connection) as counted:
        assert browser.get(address).status_code == 200
    return len(counted)
