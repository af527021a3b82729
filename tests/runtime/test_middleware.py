"""Machines pass none of the browsers' machinery; browsers get all of it."""

import logging
import uuid

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from structlog.testing import capture_logs

from gatekeeper.directory.models import SignIn
from gatekeeper.middleware import RequestLog
from tests.builders import PASSWORD, make_administrator

pytestmark = pytest.mark.django_db
MACHINE_PATHS = ["/scim/v2/Users", "/scim/v2", "/scim/v2/nowhere", "/healthz", "/readyz"]


@pytest.mark.parametrize("path", MACHINE_PATHS)
def test_a_machine_gets_no_cookie_no_redirect_and_a_content_length(client, path):
    answer = client.get(path)

    assert not answer.cookies
    assert answer.status_code in {200, 401, 404, 503}
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert uuid.UUID(answer.headers["X-Request-ID"])


def test_a_machine_s_cookie_is_not_even_read(client, django_assert_num_queries):
    client.cookies["gatekeeper_session"] = "x" * 32

    with django_assert_num_queries(0):
        assert client.get("/healthz").status_code == 200


def test_a_scim_request_without_a_csrf_token_is_judged_by_its_key_alone():
    answer = Client(enforce_csrf_checks=True).post("/scim/v2/Users", {}, content_type="application/scim+json")

    assert answer.status_code == 401
    assert answer.headers["Content-Type"].startswith("application/scim+json")


def test_a_page_forbids_scripts_and_frames_from_elsewhere(client):
    headers = client.get("/sign-in/").headers

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_a_session_cookie_is_closed_to_scripts_and_other_sites(client):
    make_administrator()
    client.post("/sign-in/", {"email": "root@example.com", "password": PASSWORD})

    cookie = client.cookies["gatekeeper_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_page_without_its_slash_is_redirected_for_browsers(client):
    assert client.get("/sign-in").status_code == 301


def test_a_host_that_is_not_ours_is_refused_for_browsers(client):
    assert client.get("/sign-in/", headers={"host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("forwarded", "behind_a_proxy", "noted"),
    [
        ("198.51.100.9", True, "198.51.100.9"),
        ("203.0.113.1, 198.51.100.9", True, "198.51.100.9"),
        ("nonsense", True, "127.0.0.1"),
        ("198.51.100.9", False, "127.0.0.1"),
    ],
)
def test_the_address_of_a_client_is_what_the_proxy_names_and_only_behind_one(
    client, settings, caplog, forwarded, behind_a_proxy, noted
):
    make_administrator()
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if behind_a_proxy else None

    with caplog.at_level(logging.INFO, logger="django_structlog"):
        client.post(
            "/sign-in/", {"email": "root@example.com", "password": PASSWORD}, headers={"x-forwarded-for": forwarded}
        )

    assert [line.msg["ip"] for line in caplog.records if "request_finished" in str(line.msg)] == [noted]
    assert SignIn.objects.get().address == noted


def test_what_fails_before_a_request_is_noted_has_its_line_all_the_same() -> None:
    with capture_logs() as logged:
        log = RequestLog(lambda request: HttpResponse())
        log.process_got_request_exception(object, RequestFactory().get("/"))

    assert [line["event"] for line in logged] == ["request_failed"]
