"""/.well-known/security.txt (RFC 9116)."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

pytestmark = pytest.mark.django_db
ADDRESS = "/.well-known/security.txt"


def test_without_a_contact_there_is_none(client):
    assert client.get(ADDRESS).status_code == 404


def test_it_names_every_contact_and_expires_within_a_year(client, settings):
    settings.SECURITY_CONTACT = ["mailto:security@example.com", "https://example.com/report"]

    answer = client.get(ADDRESS)

    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines()[1:])
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.decode().startswith(
        "Contact: mailto:security@example.com\nContact: https://example.com/report\n"
    )
    assert timedelta(days=300) < datetime.fromisoformat(lines["Expires"]) - timezone.now() < timedelta(days=365)
    assert lines["Canonical"] == f"{settings.PUBLIC_URL}{ADDRESS}"
    assert answer.content.endswith(b"\n")
