"""Every response has the security headers: pages, machines' addresses, their misspellings, files and refusals."""

import pytest
from django.test import Client

from tests.builders import PASSWORD, make_administrator

pytestmark = pytest.mark.django_db

ADDRESSES = [
    "/",
    "/sign-in/",
    "/profile/",
    "/nowhere",
    "/users/7",
    "/sign-in",
    "/settings/configuration/",
    "/scim/v2",
    "/scim/v2/",
    "/scim/v2/Users",
    "/scim/v2Users",
    "/scim/v22/Users",
    "/scim/v3/Users",
    "/scim",
    "/SCIM/v2",
    "/healthz",
    "/healthz/",
    "/healthzz",
    "/readyz",
    "/readyz2",
    "/metrics",
    "/metrics/x",
    "/api/v1/",
    "/api/v1/me",
    "/api/v1",
    "/api/v1x",
    "/api/v2/me",
    "/api/v1/schema",
    "/saml/",
    "/saml/x/acs",
    "/saml/00000000-0000-0000-0000-000000000000/acs",
    "/static/gatekeeper/site.css",
    "/static/nothing.css",
    "/.well-known/security.txt",
    "/favicon.ico",
    "/%00",
    "/a%0d%0ab",
]
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_whatever_is_asked(address: str, method: str) -> None:
    browser = Client(raise_request_exception=False)

    answer = browser.generic(method, address)

    assert answer.status_code < 500 or answer.status_code in {501, 503}, answer.content[:200]
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, name
    assert "no-store" in answer.headers["Cache-Control"] or (answer.status_code == 200 and "/static/" in address)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("address", ["/", "/scim/v2/Users", "/healthz", "/sign-in/"])
def test_a_wrong_host_too(address: str, settings: object) -> None:
    answer = Client(raise_request_exception=False).get(address, headers={"host": "evil.example"})

    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Content-Security-Policy" in answer.headers


def test_a_page_that_fails_too(monkeypatch: pytest.MonkeyPatch) -> None:
    make_administrator()
    browser = Client(raise_request_exception=False)
    browser.post("/sign-in/", {"email": "root@example.com", "password": PASSWORD})
    monkeypatch.setattr("gatekeeper.web.people.person.access_facts", None)

    answer = browser.get("/profile/")

    assert answer.status_code == 500
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
