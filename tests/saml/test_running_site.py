"""The whole way over HTTP: the real site on one side, pysaml2 on the other."""

import uuid

import httpx
import pytest

from tests.saml.idp import press_continue, running_idp
from tests.saml.keys import key_pair

SCIM_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
IMPORTS = "from tests.builders import map_group; from gatekeeper.directory.models import IdpGroup"
SCIM_GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


@pytest.fixture(scope="module")
def idp():
    with running_idp() as started:
        yield started


@pytest.fixture(scope="module")
def connection(running_site, idp):
    made = running_site.manage("saml_connection", "create", "Test directory", "--metadata-url", idp.metadata_url)
    idp.trust(made["metadata_url"])
    return made


@pytest.fixture(scope="module")
def scim(running_site):
    key = running_site.manage("scim_key", "generate", "--rotate")
    with httpx.Client(headers={"Authorization": f"Bearer {key['api_key']}"}, base_url=f"{key['base_url']}/") as client:
        yield client


@pytest.fixture
def person(running_site, scim):
    """Somebody in a group that grants access; not linked yet."""
    name = f"{uuid.uuid4().hex[:10]}@contoso.com"
    body = {
        "schemas": [SCIM_USER],
        "userName": name,
        "active": True,
        "emails": [{"type": "work", "primary": True, "value": name}],
    }
    user = scim.post("Users", json=body).json()
    group = {"schemas": [SCIM_GROUP], "displayName": f"GK {name}", "members": [{"value": user["id"]}]}
    assert scim.post("Groups", json=group).status_code == 201
    mapping = f"map_group(IdpGroup.objects.get(display_name='GK {name}'))"
    running_site.manage("shell", "--no-imports", "-c", f"{IMPORTS}; {mapping}", as_json=False)
    return {"id": user["id"], "name": name}


@pytest.fixture
def surfer():
    with httpx.Client(follow_redirects=True) as client:
        yield client


def sign_in(surfer, idp, connection, person, **query):
    idp.person = person["name"]
    return press_continue(surfer, surfer.get(connection["sso_url"], params=query))


def test_a_person_waits_for_the_sync_signs_in_and_is_out_when_deactivated(
    running_site, idp, connection, person, scim, surfer
):
    early = sign_in(surfer, idp, connection, person)
    assert early.status_code == 403
    assert "The next sign-in sync runs at" in early.text
    assert "(UTC)" in early.text
    assert early.headers["X-Request-ID"] in early.text

    report = running_site.manage("sync_saml_users")
    assert report["linked"] >= 1
    assert {"connection": "Test directory", "result": "unchanged"} in report["metadata"]

    landed = sign_in(surfer, idp, connection, person, next="/profile/")
    assert (landed.status_code, landed.url.path) == (200, "/profile/"), landed.text
    assert surfer.get(f"{running_site.url}/api/v1/me").json()["user_name"] == person["name"]

    operation = {"op": "Replace", "path": "active", "value": "False"}
    patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
    assert scim.patch(f"Users/{person['id']}", json=patch).is_success
    assert surfer.get(f"{running_site.url}/profile/").url.path == "/sign-in/"
    refused = sign_in(surfer, idp, connection, person)
    assert refused.status_code == 403
    assert "deactivated" in refused.text


def test_the_session_key_changes_when_somebody_signs_in(running_site, idp, connection, person, surfer):
    running_site.manage("sync_saml_users")
    surfer.get(f"{running_site.url}/sign-in/")
    surfer.cookies.set("gatekeeper_session", "fixated0000000000000000000000000", domain="127.0.0.1")

    sign_in(surfer, idp, connection, person)

    assert surfer.cookies.get("gatekeeper_session") != "fixated0000000000000000000000000"
    assert surfer.get(f"{running_site.url}/profile/").url.path == "/profile/"


def test_signing_out_reaches_the_identity_provider_and_comes_back(running_site, idp, connection, person, surfer):
    """SAML profiles 4.4.3."""
    running_site.manage("sync_saml_users")
    sign_in(surfer, idp, connection, person, next="/profile/")
    page = surfer.get(f"{running_site.url}/profile/").text
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]

    leaving = surfer.post(
        f"{running_site.url}/sign-out/",
        data={"csrfmiddlewaretoken": token},
        headers={"Referer": f"{running_site.url}/profile/"},
    )
    onward = leaving.text.split("url=")[1].split('"')[0].replace("&amp;", "&")
    back = surfer.get(onward)

    assert idp.logouts[-1] == person["name"]
    assert "You are signed out" in back.text
    assert surfer.get(f"{running_site.url}/profile/").url.path == "/sign-in/"


def test_a_certificate_rolls_over_and_nobody_is_locked_out(running_site, person):
    """As Entra does it: the next certificate is published beside the old one, then used, then alone.

    SAML metadata 2.4.1.1.
    """
    old, new = key_pair(), key_pair("next")
    with running_idp(old) as idp:
        made = running_site.manage("saml_connection", "create", "Rolls over", "--metadata-url", idp.metadata_url)
        idp.trust(made["metadata_url"])

        def published(*keys) -> str:
            idp.use_keys(*keys)
            results = running_site.manage("sync_saml_users")["metadata"]
            return next(each["result"] for each in results if each["connection"] == "Rolls over")

        def signed_in() -> int:
            with httpx.Client(follow_redirects=True) as browser:
                return sign_in(browser, idp, made, person, next="/profile/").status_code

        assert (published(old), signed_in()) == ("unchanged", 200)
        assert (published(old, new), signed_in()) == ("1 certificate added, 0 withdrawn", 200)
        idp.use_keys(new, old)  # it signs with the new key now, and nothing was refreshed since
        assert signed_in() == 200
        assert (published(new), signed_in()) == ("0 certificates added, 1 withdrawn", 200)
        idp.use_keys(old)
        assert signed_in() == 403  # what is withdrawn stopped working at the refresh
        running_site.manage("saml_connection", "delete", made["id"], "--confirm", "Rolls over")
