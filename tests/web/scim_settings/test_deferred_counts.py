"""What a mapping's page counts over everybody comes when the page is there; its first answer asks for none of it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.builders import make_group, make_users, map_group
from tests.web.pages import text_of

AWAITED = ("How many people does it apply to?", "data-preview-now")


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, db: None) -> str:
    monkeypatch.setattr("gatekeeper.directory.access.people_pages.NEAR", 2)
    group = make_group("GK Finance", make_users(4))
    map_group(group, "administrator")
    return reverse("web:group_mapping", args=[group.id])


@pytest.mark.parametrize(
    ("query", "awaited", "members_read"),
    [("", AWAITED, 0), ("?counted=1", AWAITED[1:], 1), ("?preview", AWAITED[:1], 2), ("?counted=1&preview", (), 3)],
)
def test_members_are_read_only_for_what_is_asked_for(
    admin_client: Client, address: str, query: str, awaited: tuple[str, ...], members_read: int
) -> None:
    with CaptureQueriesContext(connection) as asked:
        text = text_of(admin_client.get(f"{address}{query}"))

    assert tuple(word for word in AWAITED if word in text) == awaited
    memberships = [each["sql"] for each in asked if 'FROM "directory_membership"' in each["sql"]]
    assert len(memberships) == members_read, memberships
    assert ('<p class="figure">4</p>' in text) is ("counted" in query)
