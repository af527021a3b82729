"""Who may read /metrics: whoever brings METRICS_TOKEN; without one only this machine."""

import pytest

from gatekeeper.directory.models import IdentityProvider
from saml.connections.lifecycle import create_connection
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN
from tests.saml.forge import metadata

pytestmark = pytest.mark.django_db
TOKEN = "prometheus-3f9a-token"


@pytest.mark.parametrize(
    ("public_url", "token", "sent", "status"),
    [
        ("http://127.0.0.1:8000", "", "", 200),
        ("http://localhost:8000", "", "", 200),
        ("http://[::1]:8000", "", "", 200),
        ("http://127.9.9.9", "", "", 200),
        ("https://gk.example.com", "", "", 403),
        ("http://10.0.0.5:8000", "", "", 403),
        ("https://gk.example.com", "", f"Bearer {TOKEN}", 403),
        ("https://gk.example.com", TOKEN, f"Bearer {TOKEN}", 200),
        ("https://gk.example.com", TOKEN, f"bearer {TOKEN}", 200),
        ("https://gk.example.com", TOKEN, "", 401),
        ("https://gk.example.com", TOKEN, f"Bearer {TOKEN}x", 401),
        ("https://gk.example.com", TOKEN, f"Basic {TOKEN}", 401),
        ("https://gk.example.com", TOKEN, TOKEN, 401),
        ("http://127.0.0.1:8000", TOKEN, "", 401),
    ],
)
def test_who_gets_what(client, settings, public_url, token, sent, status):
    settings.PUBLIC_URL, settings.METRICS_TOKEN = public_url, token

    answer = client.get("/metrics", headers={"authorization": sent} if sent else {})

    assert answer.status_code == status
    assert status == 200 or (answer.content.count(b"\n") == 1 and b"METRICS_TOKEN" in answer.content)
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_no_name_of_a_connection_or_key_is_in_it(client, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    create_connection("Contoso Ltd (merger!)", document=metadata(), actor=ADMIN)
    generate_key("Okta of the other company", actor=ADMIN)

    page = client.get("/metrics").content.decode()

    assert str(IdentityProvider.objects.get().id) in page
    assert "Contoso" not in page
    assert "other company" not in page
