"""Whoever is refused for want of a right, or of a proof who they are, is a line of the log: who, what, from where."""

import logging
from typing import Any

import pytest
from django.test import Client

from gatekeeper.api.tokens import create_token
from gatekeeper.directory.models import User
from tests.api.conftest import browser_of
from tests.builders import ADMIN, link, make_group, make_provider, make_user, map_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    make_provider()
    user = make_user("person@example.com")
    map_group(make_group("GK People", [user]), "collaborator", ("api",))
    link()
    return user


def refusals(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    lines = [line for line in caplog.records if line.levelno >= logging.WARNING and isinstance(line.msg, dict)]
    return [line.msg for line in lines if line.msg["event"] == "request_finished"]


def test_a_page_that_a_person_may_not_open(person: User, caplog: pytest.LogCaptureFixture) -> None:
    answer = browser_of(person).get("/settings/configuration/")

    assert answer.status_code == 403
    (line,) = refusals(caplog)
    assert line["code"] == 403
    assert line["request"] == "GET /settings/configuration/"
    assert line["user_id"] == str(person.pk)
    assert line["ip"] == "127.0.0.1"


def test_an_address_of_the_api_that_a_token_does_not_open(person: User, caplog: pytest.LogCaptureFixture) -> None:
    _, secret = create_token(person, "script", actor=ADMIN)

    answer = Client().get("/api/v1/users", headers={"authorization": f"Bearer {secret}"})

    assert answer.status_code == 403
    (line,) = refusals(caplog)
    assert (line["code"], line["request"], line["user_id"]) == (403, "GET /api/v1/users", str(person.pk))


@pytest.mark.parametrize("address", ["/api/v1/me", "/scim/v2/Users"])
def test_a_key_that_is_none(address: str, caplog: pytest.LogCaptureFixture) -> None:
    answer = Client().get(address, headers={"authorization": "Bearer nonsense"})

    assert answer.status_code == 401
    (line,) = refusals(caplog)
    assert (line["code"], line["request"], line["ip"]) == (401, f"GET {address}", "127.0.0.1")


def test_a_form_without_its_token(person: User, caplog: pytest.LogCaptureFixture) -> None:
    browser = browser_of(person)
    browser.handler.enforce_csrf_checks = True

    answer = browser.post("/profile/end-other-sessions/")

    assert answer.status_code == 403
    assert any(line["request"] == "POST /profile/end-other-sessions/" for line in refusals(caplog))


def test_a_query_is_left_out(person: User, caplog: pytest.LogCaptureFixture) -> None:
    browser_of(person).get("/users/?q=somebody@example.com")

    (line,) = refusals(caplog)
    assert line["request"] == "GET /users/"
    assert "somebody" not in caplog.text


def test_what_a_token_opens_is_a_line_with_its_person(person: User, caplog: pytest.LogCaptureFixture) -> None:
    _, secret = create_token(person, "script", actor=ADMIN)

    with caplog.at_level(logging.INFO):
        Client().get("/api/v1/me", headers={"authorization": f"Bearer {secret}"})

    lines = [line.msg for line in caplog.records if isinstance(line.msg, dict)]
    (line,) = [line for line in lines if line["event"] == "request_finished"]
    assert (line["code"], line["request"], line["user_id"]) == (200, "GET /api/v1/me", str(person.pk))
