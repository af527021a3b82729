"""The list of sign-in attempts."""

from django.test import Client

from saml.models import SignInAttempt
from tests.web.pages import text_of

LOG = "/provisioning-log/"


def test_a_refused_sign_in_says_why_to_administrators(admin_client: Client) -> None:
    attempt = SignInAttempt.objects.create(
        accepted=False, failed_check="is_within_its_time", reason="compare the clocks", name_id="ada@example.com"
    )

    assert "compare the clocks" in text_of(admin_client.get("/sign-in-attempts/"))
    assert "Compare this server's clock" in text_of(admin_client.get(f"/sign-in-attempts/{attempt.pk}/"))
