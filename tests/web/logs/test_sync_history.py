"""The list of runs of the SAML user sync, and the page of a run."""

from django.test import Client

from saml.sync.run import sync_saml_users
from tests.builders import ADMIN, make_user
from tests.web.pages import text_of

LOG = "/provisioning-log/"


def test_the_sync_history_shows_each_run_with_counts_and_conflicts(admin_client: Client) -> None:
    for name in ("one", "two"):
        make_user(f"{name}@example.com", work_email="same@example.com")
    run = sync_saml_users(actor=ADMIN)

    listed = text_of(admin_client.get("/sync-history/"))
    detail = text_of(admin_client.get(f"/sync-history/{run.pk}/"))

    assert "Finished" in listed
    assert "one@example.com" in detail
    assert "is the work e-mail of 2 active users" in detail
