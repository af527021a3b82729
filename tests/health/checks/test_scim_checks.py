"""Whether the identity provider has an API key, and for how long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.scim_checks import check_scim_key
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN

pytestmark = pytest.mark.django_db


def test_without_an_active_key_nobody_can_provision():
    assert check_scim_key().status is Status.WARNING


def test_a_key_that_expires_soon_is_a_warning_with_the_days_left():
    generate_key("Entra", expires_at=timezone.now() + timedelta(days=9, hours=1), actor=ADMIN)

    check = check_scim_key()

    assert (check.status, check.detail) == (Status.WARNING, "Entra expires in 9 days.")


def test_a_key_that_does_not_expire_is_fine():
    generate_key("Entra", expires_at=None, actor=ADMIN)

    assert check_scim_key().status is Status.OK
