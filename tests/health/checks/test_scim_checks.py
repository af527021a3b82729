"""Whether the identity provider has an API key, and for how long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.scim_checks import check_scim_key
from gatekeeper.setup_steps import NO_KEY
from scim.credentials.api_keys import generate_key
from scim.credentials.oauth_clients import create_client_with_secret
from scim.models import ClientSecret, OAuthClient
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db


def test_without_an_active_key_nobody_can_provision():
    assert check_scim_key().status is Status.WARNING


def test_a_key_that_expires_soon_is_a_warning_with_the_days_left():
    generate_key("Entra", expires_at=timezone.now() + timedelta(days=9, hours=1), actor=ADMIN)

    check = check_scim_key()

    assert (check.status, check.detail) == (Status.WARNING, "Entra expires in 9 days.")


def test_a_key_without_an_end_is_named_with_what_to_do_instead():
    key = generate_key("Entra", expires_at=None, actor=ADMIN)[0]

    check = check_scim_key()

    assert (check.status, check.detail) == (Status.WARNING, f"Entra ({key.hint}…) is active and has no end.")
    assert "--expires" in check.fix
    generate_key("Next", expires_at=timezone.now() + timedelta(days=400), actor=ADMIN, rotate=True)
    assert check_scim_key().detail == check.detail


def test_a_key_with_an_end_that_is_far_away_is_fine():
    generate_key("Entra", expires_at=timezone.now() + timedelta(days=400, hours=1), actor=ADMIN)

    assert (check_scim_key().status, check_scim_key().detail) == (Status.OK, "Entra is active for 400 more days.")


def test_an_oauth_client_takes_the_place_of_a_key_as_long_as_it_can_get_a_token():
    client = create_client_with_secret("Entra", actor=ADMIN)[0]
    assert check_scim_key().status is Status.OK

    ClientSecret.objects.update(expires_at=timezone.now() + timedelta(days=9, hours=1))
    assert check_scim_key().detail == "The last secret of Entra ends in 9 days."
    ClientSecret.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert check_scim_key().detail == str(NO_KEY)
    OAuthClient.objects.filter(pk=client.pk).update(issuer="https://idp.example.com")
    assert check_scim_key().status is Status.OK
