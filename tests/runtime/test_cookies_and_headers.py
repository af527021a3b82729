"""Headers and cookies beside the page: cookies that only this host can set, HSTS, and what no page may use."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.once import ONCE

pytestmark = ONCE

ROOT = Path(__file__).resolve().parents[2]

# A site on https in a process of its own, since cookies are named when the settings are read. Prints every cookie
# that an unauthenticated client and a local administrator get, and the headers of an ordinary page.
VISIT = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "gatekeeper.settings"
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
from gatekeeper.audit.actor import Actor
from gatekeeper.directory.local_accounts.accounts import create_local_administrator
from saml.connections.lifecycle import create_connection
from tests.saml.forge import metadata
actor = Actor.command("tests")
create_local_administrator("root@example.com", "correct horse battery staple", actor=actor)
connection = create_connection("Entra", document=metadata(), actor=actor)
cookies = []
def visit(client, method, path, data=None):
    answer = getattr(client, method)(path, data or {}, secure=True, headers={"host": "gk.example.com"})
    cookies.extend({"name": name, **morsel} for name, morsel in answer.cookies.items())
    return answer
unauthenticated, admin = Client(), Client()
page = visit(unauthenticated, "get", "/sign-in/")
visit(unauthenticated, "get", f"/saml/{connection.id}/sso")
visit(unauthenticated, "get", "/sign-in/code/")
visit(admin, "post", "/sign-in/", {"email": "root@example.com", "password": "correct horse battery staple"})
visit(admin, "get", "/profile/")
visit(admin, "post", "/profile/end-other-sessions/")
visit(admin, "post", "/sign-out/")
print(json.dumps({"cookies": cookies, "headers": dict(page.headers)}))
"""


def visit(tmp_path: Path, **environment: str) -> Any:
    ours = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "", **environment}
    script = [
        sys.executable,
        "-c",
        "import gatekeeper.settings as s; s.STORAGES['staticfiles'] = "
        "{'BACKEND': 'django.contrib.staticfiles.storage.StaticFilesStorage'}\n" + VISIT,
    ]
    done = subprocess.run(script, cwd=ROOT, env=ours, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("subdomains", "hsts"), [("", "max-age=31536000"), ("on", "max-age=31536000; includeSubDomains")]
)
def test_over_https_every_cookie_belongs_to_this_host_alone(tmp_path, subdomains, hsts):
    seen = visit(tmp_path, PUBLIC_URL="https://gk.example.com", HSTS_INCLUDE_SUBDOMAINS=subdomains)

    assert {cookie["name"] for cookie in seen["cookies"]} == {
        f"__Host-gatekeeper_{name}" for name in ("session", "csrf", "messages", "saml", "known")
    }
    for cookie in seen["cookies"]:
        assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", ""), cookie
        assert cookie["httponly"] or cookie["max-age"] == 0, cookie
    assert seen["headers"]["Strict-Transport-Security"] == hsts


def test_over_http_cookies_have_plain_names_and_nothing_promises_https(tmp_path):
    seen = visit(tmp_path, PUBLIC_URL="http://gk.example.com")

    assert {cookie["name"] for cookie in seen["cookies"]} >= {
        "gatekeeper_session",
        "gatekeeper_csrf",
        "gatekeeper_saml",
    }
    assert not any(cookie["name"].startswith("__Host-") for cookie in seen["cookies"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/sign-in/", "/sign-in", "/nowhere/", "/scim/v2/Users", "/scim/v2x", "/api/v1/me", "/healthz", "/healthz/",
     "/metrics", "/saml/nothing/acs", "/static/gatekeeper/nothing.css"],
)  # fmt: skip
def test_every_response_says_what_no_page_may_use(path):
    policy = Client().get(path).headers["Permissions-Policy"]

    assert "camera=()" in policy
    assert "geolocation=()" in policy
    assert "publickey-credentials-get=(self)" in policy
