"""Listing reads in the provisioning log for an hour."""

LOG = "/provisioning-log/"


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
