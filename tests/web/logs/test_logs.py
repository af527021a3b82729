"""Provisioning log, sync history, audit trail, sign-in attempts."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.log import ProvisioningRecord, record_provisioning
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.web.framework.charts import provisioning_by_hour
from saml.models import SignInAttempt, SyncRun
from saml.sync.run import sync_saml_users
from tests.builders import ADMIN, make_team, make_user
from tests.web.pages import queries_of, text_of

LOG = "/provisioning-log/"


def log(outcome: str = "changed", **fields: Any) -> ProvisioningEntry:
    record_provisioning(
        ProvisioningRecord(
            **{
                "request_id": str(uuid4()),
                "method": "POST",
                "path": "/scim/v2/Users",
                "status": 201 if outcome == "changed" else 409,
                "outcome": outcome,
                "key_name": "Entra",
                **fields,
            }
        )
    )
    return ProvisioningEntry.objects.latest("id")


def test_the_log_is_filtered_by_outcome_user_group_and_time(admin_client: Client) -> None:
    ada, finance = uuid4(), uuid4()
    log(user_id=ada, user_label="Ada")
    log("refused", user_label="Bo", detail="Another user already has the userName bo.")
    log(group_id=finance, group_label="GK Finance", changed=[{"code": "members_added", "count": 1, "ids": ["Ada"]}])
    old = log(user_label="Old One")
    ProvisioningEntry.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=3))

    def shown(**query: str) -> set[str]:
        text = text_of(admin_client.get(LOG, query))
        return {name for name in (">Ada</a>", ">Bo</a>", ">GK Finance</a>", ">Old One</a>") if name in text}

    assert shown(outcome="refused") == {">Bo</a>"}
    assert shown(user=str(ada)) == {">Ada</a>"}
    assert shown(user="ol") == {">Old One</a>"}
    assert shown(group=str(finance)) == {">GK Finance</a>"}
    assert shown(time="day") == {">Ada</a>", ">Bo</a>", ">GK Finance</a>"}
    assert shown(q="already has") == {">Bo</a>"}


def test_an_entry_shows_the_redacted_request_the_answer_and_what_changed(admin_client: Client) -> None:
    entry = log(
        user_label="Ada",
        request={"userName": "ada", "password": "secret"},
        answer={"id": "7"},
        changed=[{"code": "user_created", "name": "Ada"}],
    )

    text = text_of(admin_client.get(f"{LOG}{entry.pk}/"))

    assert "secret" not in text
    assert "•••" in text
    assert '"id": "7"' in text
    assert "Created user Ada" in text


def test_people_are_named_where_a_request_speaks_of_their_ids(admin_client: Client) -> None:
    ada, nobody = make_user("ada@example.com"), uuid4()
    entry = log(changed=[{"code": "members_added", "count": 2, "ids": [str(ada.id), str(nobody)]}])

    for page in (LOG, f"{LOG}{entry.pk}/"):
        assert f"Added 2 members: ada@example.com, {nobody}" in text_of(admin_client.get(page))


@pytest.mark.parametrize("path", [LOG, "/audit-trail/", "/sync-history/", "/sign-in-attempts/"])
def test_an_entry_that_does_not_exist_is_a_plain_404(admin_client: Client, path: str) -> None:
    for wrong in ("999999", "nonsense", str(uuid4())):
        assert admin_client.get(f"{path}{wrong}/").status_code == 404


def test_the_audit_trail_shows_who_changed_what_before_and_after(admin_client: Client, administrator: Any) -> None:
    admin_client.post("/settings/configuration/scim/last-group-policy/", {"policy": "fallback"})
    entry = AuditEntry.objects.filter(event="last_group_policy.set").latest("id")

    listed = text_of(admin_client.get("/audit-trail/", {"event": "last_group_policy.set"}))
    detail = text_of(admin_client.get(f"/audit-trail/{entry.pk}/"))

    assert "Last group policy set" in listed
    assert "root@example.com" in listed
    assert "revoke" in detail
    assert "fallback" in detail


def test_the_sync_history_shows_each_run_with_counts_and_conflicts(admin_client: Client) -> None:
    for name in ("one", "two"):
        make_user(f"{name}@example.com", work_email="same@example.com")
    run = sync_saml_users(actor=ADMIN)

    listed = text_of(admin_client.get("/sync-history/"))
    detail = text_of(admin_client.get(f"/sync-history/{run.pk}/"))

    assert "Finished" in listed
    assert "one@example.com" in detail
    assert "is the work e-mail of 2 active users" in detail


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


def test_a_refused_sign_in_says_why_to_administrators(admin_client: Client) -> None:
    attempt = SignInAttempt.objects.create(
        accepted=False, failed_check="is_within_its_time", reason="compare the clocks", name_id="ada@example.com"
    )

    assert "compare the clocks" in text_of(admin_client.get("/sign-in-attempts/"))
    assert "Compare this server's clock" in text_of(admin_client.get(f"/sign-in-attempts/{attempt.pk}/"))


def test_logs_cost_the_same_for_few_and_for_many_entries(admin_client: Client) -> None:
    paths = (LOG, "/audit-trail/", "/sync-history/", "/sign-in-attempts/")

    def fill(how_many: int) -> None:
        for _ in range(how_many):
            log()
            SignInAttempt.objects.create(accepted=True)
            SyncRun.objects.create(started_at=timezone.now(), actor_kind="clock", actor_name="saml.sync_users")

    fill(1)
    few = [queries_of(admin_client, path) for path in paths]
    fill(20)

    assert [queries_of(admin_client, path) for path in paths] == few


def test_the_chart_counts_hours_and_shows_even_one_failure(db: None) -> None:
    for _ in range(300):
        log()
    log("failed")

    chart = provisioning_by_hour()

    assert (chart.good, chart.bad) == (300, 1)
    assert chart.bars[-1].bad_height >= 2


def test_the_audit_trail_shows_the_newest_link_and_each_entry_its_own(admin_client):
    make_team("Finance")
    link_new_entries()
    entry = AuditEntry.objects.get(event="team.created")

    assert head().digest[:12] in admin_client.get("/audit-trail/").content.decode()
    assert entry.digest in admin_client.get(f"/audit-trail/{entry.pk}/").content.decode()


def test_reads_are_listed_for_an_hour_when_an_administrator_asks_for_it(admin_client):
    assert "List reads for an hour" in admin_client.get(LOG).content.decode()

    page = admin_client.post(f"{LOG}trace/", follow=True).content.decode()
    assert "Reads are listed too until" in page

    page = admin_client.post(f"{LOG}trace/stop/", follow=True).content.decode()
    assert "Reads are listed too until" not in page


def test_whoever_only_reads_logs_cannot_start_tracing(person_with):
    reader = person_with("collaborator", "history")

    assert "List reads" not in reader.get(LOG).content.decode()
    assert reader.post(f"{LOG}trace/").status_code == 403


def test_an_administrator_chooses_how_long_personal_data_is_kept(admin_client):
    address = "/settings/configuration/retention/"
    assert address in admin_client.get("/audit-trail/").content.decode()

    page = admin_client.post(address, {"days": "400"}, follow=True).content.decode()
    assert "Saved." in page
    assert 'value="400"' in page
    assert admin_client.post(address, {"days": "0"}).status_code == 422


def test_a_request_that_was_read_as_remove_all_is_marked_and_says_so(admin_client: Client) -> None:
    plain = log(user_label="Ada", changed=["title set to “T”"])
    marked = log(group_label="GK", warnings=[{"code": "removed_all", "attribute": "members", "count": 12}])
    sentence = "read as “remove all”: it took away all 12 members without naming what goes."

    assert text_of(admin_client.get(LOG)).count("Removed all") == 1
    assert sentence in text_of(admin_client.get(f"{LOG}{marked.pk}/"))
    assert "remove all" not in text_of(admin_client.get(f"{LOG}{plain.pk}/"))
