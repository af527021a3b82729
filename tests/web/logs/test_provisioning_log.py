"""The provisioning log: its list, its filters and the page of a request."""

from datetime import timedelta
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import ProvisioningEntry
from tests.builders import log_request, make_user
from tests.web.pages import text_of

LOG = "/provisioning-log/"


def test_the_log_is_filtered_by_outcome_user_group_and_time(admin_client: Client) -> None:
    ada, finance = uuid4(), uuid4()
    log_request(user_id=ada, user_label="Ada")
    log_request("refused", user_label="Bo", detail="Another user already has the userName bo.")
    log_request(
        group_id=finance, group_label="GK Finance", changed=[{"code": "members_added", "count": 1, "ids": ["Ada"]}]
    )
    old = log_request(user_label="Old One")
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
    entry = log_request(
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
    entry = log_request(changed=[{"code": "members_added", "count": 2, "ids": [str(ada.id), str(nobody)]}])

    for page in (LOG, f"{LOG}{entry.pk}/"):
        assert f"Added 2 members: ada@example.com, {nobody}" in text_of(admin_client.get(page))


def test_a_request_that_was_read_as_remove_all_is_marked_and_says_so(admin_client: Client) -> None:
    plain = log_request(user_label="Ada", changed=["title set to “T”"])
    marked = log_request(group_label="GK", warnings=[{"code": "removed_all", "attribute": "members", "count": 12}])
    sentence = "read as “remove all”: it took away all 12 members without naming what goes."

    assert text_of(admin_client.get(LOG)).count("Removed all") == 1
    assert sentence in text_of(admin_client.get(f"{LOG}{marked.pk}/"))
    assert "remove all" not in text_of(admin_client.get(f"{LOG}{plain.pk}/"))
