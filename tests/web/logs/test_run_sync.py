"""Starting the SAML user sync from the page, and watching it."""

from collections.abc import Callable

from django.test import Client
from django.utils import timezone

from saml.sync.run import sync_saml_users
from tests.builders import ADMIN
from tests.web.pages import text_of

LOG = "/provisioning-log/"


def test_the_progress_of_a_run_is_a_text(admin_client: Client) -> None:
    before = timezone.now().isoformat()
    waiting = admin_client.get("/sync-history/progress/", {"since": before}).json()
    assert waiting == {"message": "Waiting for a worker…", "done": False}

    sync_saml_users(actor=ADMIN)

    done = admin_client.get("/sync-history/progress/", {"since": before}).json()
    assert done["done"] is True
    assert done["message"] == "The sync has finished: 0 linked, 0 unlinked."
    assert admin_client.get("/sync-history/progress/", {"since": "x"}).status_code == 400


def test_a_reader_of_the_logs_cannot_start_a_run(person_with: Callable[..., Client]) -> None:
    reader = person_with("collaborator", "history")

    assert "Run the sync now" not in text_of(reader.get("/sync-history/"))
    assert reader.post("/sync-history/run/").status_code == 403


def test_an_empty_history_offers_a_run_once(admin_client: Client) -> None:
    assert text_of(admin_client.get("/sync-history/")).count("Run the sync now") == 1
