"""What all read-only lists have in common."""

from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from saml.models import SignInAttempt, SyncRun
from tests.builders import log_request
from tests.web.pages import queries_of

LOG = "/provisioning-log/"


@pytest.mark.parametrize("path", [LOG, "/audit-trail/", "/sync-history/", "/sign-in-attempts/", "/token-log/"])
def test_an_entry_that_does_not_exist_is_a_plain_404(admin_client: Client, path: str) -> None:
    for wrong in ("999999", "nonsense", str(uuid4())):
        assert admin_client.get(f"{path}{wrong}/").status_code == 404


def test_logs_cost_the_same_for_few_and_for_many_entries(admin_client: Client) -> None:
    paths = (LOG, "/audit-trail/", "/sync-history/", "/sign-in-attempts/")

    def fill(how_many: int) -> None:
        for _ in range(how_many):
            log_request()
            SignInAttempt.objects.create(accepted=True)
            SyncRun.objects.create(started_at=timezone.now(), actor_kind="clock", actor_name="saml.sync_users")

    fill(1)
    few = [queries_of(admin_client, path) for path in paths]
    fill(20)

    assert [queries_of(admin_client, path) for path in paths] == few
