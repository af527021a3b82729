"""Which answers are compressed, over every address of the site: none that shows a secret or a form for one."""

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from gatekeeper.compression import PAGES, SCIM_LISTS
from gatekeeper.directory.models import User
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN, make_users
from tests.once import ONCE
from tests.site import ROOT
from tests.web.addresses import table
from tests.web.framework.test_permissions_table import ADDRESSES, QUERIES, world  # noqa: F401

pytestmark = [pytest.mark.django_db, ONCE]
GZIP = {"HTTP_ACCEPT_ENCODING": "gzip, deflate, br"}

# Pages that are read and stay as they are, each with what it shows or asks for.
NEVER = {
    "saml:sso": "a form that carries a SAML message",
    "saml:logout": "the same",
    "web:sign_in": "a password is typed",
    "web:sign_in_again": "the same",
    "web:password": "the same",
    "web:sign_in_code": "a code is typed",
    "web:sign_in_new_password": "a password is typed",
    "web:sign_in_set_up": "the secret of a second factor",
    "web:second_factor": "the same",
    "web:passkeys": "a challenge",
    "web:profile": "one's own tokens and sessions",
    "web:create_api_token": "a token is shown one time",
    "web:generate_key": "a key is shown one time",
    "web:revoke_key": "short, and beside it",
    "web:rotate_client_secret": "a secret is shown one time",
    "web:revoke_oauth_client": "a dialog that is opened seldom",
    "web:authentication": "the token of an event stream is shown one time",
    "web:new_connection": "metadata are typed, which may hold keys",
    "web:local_accounts": "a password is shown one time",
    "web:setup_links": "the token of a link is shown one time",
    "web:webhooks": "addresses, which may hold a token",
    "web:webhook": "the same; a secret is shown one time",
    "web:delete_webhook": "the same",
    "web:mail": "what was typed is shown again, which may be a person's address",
    "web:mail_recipient": "the same",
    "web:remove_mail_recipient": "the same",
    "web:streams": "addresses, which may hold a token",
    "web:stream": "the same",
    "web:delete_stream": "the same",
    "admin:saml_signinattempt_change": "what identity providers sent",
    "admin:scim_tokenrequest_change": "what their clients sent",
}


def read(browser: Client, address: str, **headers: str) -> Any:
    browser.raise_request_exception = False
    return browser.get(address, **(headers or GZIP))


def content_of(answer: Any) -> bytes:
    return gzip.decompress(answer.content) if answer.headers.get("Content-Encoding") == "gzip" else answer.content


def test_every_page_is_decided_and_those_with_a_secret_are_left_as_they_are(world: dict[str, Any]) -> None:  # noqa: F811
    seen: dict[str, bool] = {}
    for shown, row in table().items():
        if "GET" not in row.methods:
            continue
        address = ADDRESSES[shown].example(world) + QUERIES.get(shown, "")
        for role in ("nobody", "configuration", "local", "api"):
            answer = read(world["browsers"][role], address)
            if answer.status_code != 200 or not answer.headers["Content-Type"].startswith("text/html"):
                assert "Content-Encoding" not in answer.headers, shown
                continue
            name, packed = answer.resolver_match.view_name, "Content-Encoding" in answer.headers
            assert packed == (name in PAGES), (shown, name)
            assert ("Accept-Encoding" in answer.headers.get("Vary", "")) == (name in PAGES), shown
            assert int(answer.headers["Content-Length"]) == len(answer.content)
            seen[name] = packed

    assert {name for name, packed in seen.items() if not packed} <= set(NEVER), "decide: PAGES or NEVER"
    assert not PAGES & set(NEVER)
    # Where the set-up is not finished, the first page leads on.
    assert PAGES - {"admin:index"} <= {name for name, packed in seen.items() if packed}


def test_a_compressed_page_is_the_same_page(admin_client: Client) -> None:
    make_users(30)
    plain, packed = read(admin_client, "/users/", HTTP_ACCEPT_ENCODING="identity"), read(admin_client, "/users/")

    assert "Content-Encoding" not in plain.headers
    assert len(packed.content) < len(plain.content) / 3
    assert without_tokens(content_of(packed)) == without_tokens(plain.content)
    assert len({len(read(admin_client, "/users/").content) for _ in range(12)}) > 1, "of a random length"


def without_tokens(page: bytes) -> bytes:
    return re.sub(rb'csrfmiddlewaretoken" value="\w+"|"X-CSRFToken": "\w+"|\w{64}', b"", page)


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip; q=0.0", "gzip;q=x"])
def test_who_does_not_accept_gzip_gets_none(admin_client: Client, accepted: str) -> None:
    assert "Content-Encoding" not in read(admin_client, "/users/", HTTP_ACCEPT_ENCODING=accepted).headers


@pytest.mark.parametrize("accepted", ["gzip", "GZIP", "br, gzip;q=0.5", "*", "*;q=0.1"])
def test_who_accepts_it_does(admin_client: Client, accepted: str) -> None:
    assert read(admin_client, "/users/", HTTP_ACCEPT_ENCODING=accepted).headers["Content-Encoding"] == "gzip"


def test_an_answer_to_a_post_is_never_compressed(administrator: User, browser_of: Callable[[User], Client]) -> None:
    answer = browser_of(administrator).post("/settings/configuration/scim/key/generate/", {"name": "Entra"}, **GZIP)

    assert answer.status_code == 200
    assert re.search(rb"gk\w*_", answer.content), "the page that shows the key"
    assert "Content-Encoding" not in answer.headers


def test_lists_over_scim_are_compressed_and_single_resources_keep_their_etag() -> None:
    user, *_ = make_users(20)
    key = {"HTTP_AUTHORIZATION": f"Bearer {generate_key('Entra', actor=ADMIN)[1]}"}
    client = Client()

    page, plain = client.get("/scim/v2/Users", **key, **GZIP), client.get("/scim/v2/Users", **key)
    one = client.get(f"/scim/v2/Users/{user.pk}", **key, **GZIP)
    short = client.get("/scim/v2/Users?count=0", **key, **GZIP)
    searched = client.post("/scim/v2/.search", b"{}", content_type="application/scim+json", **key, **GZIP)

    assert gzip.decompress(page.content) == plain.content
    assert page.headers["Content-Type"].startswith("application/scim+json")
    assert "Accept-Encoding" in page.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in {**one.headers, **short.headers}
    assert one.headers["ETag"] == client.get(f"/scim/v2/Users/{user.pk}", **key).headers["ETag"]
    assert searched.status_code != 200 or searched.headers["Content-Encoding"] == "gzip"
    assert len(SCIM_LISTS) == 6


def test_a_refusal_and_an_answer_of_the_api_are_left_as_they_are(admin_client: Client) -> None:
    make_users(20)

    for address in ("/scim/v2/Users", "/api/v1/users", "/nowhere/", "/metrics"):
        assert "Content-Encoding" not in read(admin_client, address).headers, address


def test_static_files_are_compressed_when_they_are_collected() -> None:
    settings = (ROOT / "gatekeeper" / "settings.py").read_text()

    assert "whitenoise.storage.CompressedManifestStaticFilesStorage" in settings
