"""The provisioning log leaves nothing out: who reads ``changed`` knows that something happened, and what went."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.audit.models import Outcome, ProvisioningEntry
from gatekeeper.audit.provisioning_texts import change_texts
from scim.protocol.schemas import ENTERPRISE_USER as ENT

SERVER = ("meta", "schemas", "$ref", "id")
MANY = max(settings.default.max_examples, 60)
slow = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=MANY)
USER = {
    "displayName": "Ada One",
    "title": "Head",
    "externalId": "e-1",
    "name": {"givenName": "Augusta", "familyName": "King"},
    "emails": [{"type": "work", "value": "w@x", "primary": True, "display": "Work"}, {"type": "home", "value": "h@x"}],
    "addresses": [{"type": "work", "locality": "Cardiff", "country": "GB"}, {"locality": "Bath"}],
    "roles": [{"value": "editor"}, {"value": "reader"}],
    ENT: {"department": "Legal", "manager": {"value": "boss"}},
}
PATHS = [
    *("title", "displayName", "active", "userName", "externalId", "name", "name.givenName", "emails", "emails.display"),
    *('emails[type eq "work"]', 'emails[type eq "home"].value', "emails.primary", "addresses", "roles", "photos"),
    *('addresses[locality eq "Bath"].country', 'roles[value co "e"]', ENT, f"{ENT}:manager", f"{ENT}:manager.value"),
]
leaves = st.sampled_from(
    [None, "", "x", "True", False, True, 7, "w@x", "Head", "h@x", "editor", "work", "Legal", "Cardiff"]
)
NAMES = ["value", "type", "primary", "display", "givenName", "familyName", "locality", "country", "department", "odd"]
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
OPERATIONS = st.sampled_from(["add", "replace", "remove"])
with_path = st.fixed_dictionaries({"op": OPERATIONS, "path": st.sampled_from(PATHS)}, optional={"value": values})
without_path = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "replace"]), "value": st.dictionaries(st.sampled_from(PATHS), values, max_size=3)}
)
operations = st.lists(with_path | without_path, min_size=1, max_size=3)
documents = st.dictionaries(st.sampled_from(PATHS), values, max_size=4).map(lambda stated: {**USER, **stated})
members = st.sampled_from(
    ["ONE", "TWO", "THREE", None, "", "nobody", {"value": "ONE"}, {"value": "THREE"}, {"display": "x"}, {}]
)
member_operations = st.lists(
    st.fixed_dictionaries(
        {"op": OPERATIONS, "path": st.sampled_from(["members", 'members[value eq "ONE"]', "displayName"])},
        optional={"value": st.lists(members, max_size=3) | members},
    ),
    min_size=1,
    max_size=3,
)


def texts(value: Any) -> set[str]:
    """All texts in a document, apart from what the server adds."""
    if isinstance(value, dict):
        return {
            text
            for name, each in value.items()
            if name not in ("meta", "schemas", "$ref", "id")
            for text in texts(each)
        }
    if isinstance(value, list):
        return {text for each in value for text in texts(each)}
    return {value} if isinstance(value, str) else set()


def check(scim: Any, address: str, method: str, body: Any) -> None:
    """Send a request, and hold what the log says against what happened."""
    before, entries = scim.get(address).json(), ProvisioningEntry.objects.filter(outcome=Outcome.CHANGED)
    known = entries.count()
    status = scim.request(method, address, body).status_code
    after = scim.get(address).json()
    changed = entries.latest("id").changed if entries.count() > known else None

    assert status in (200, 204, 400), status
    if changed is None:
        assert after == before
        return
    assert status < 300
    assert after["meta"]["version"] != before["meta"]["version"]
    assert changed, "something happened, and the log does not say what"
    shown = "\n".join(change_texts(changed))
    for text in texts(before) - texts(after) - {"User"}:
        assert text in shown, f"{text} was taken away, and the log says {changed}"


@pytest.fixture
def stage(scim):
    ids = {name: scim.user(f"{name.lower()}@x.com")["id"] for name in ("ONE", "TWO", "THREE")}
    user, group = scim.user("ada@x.com", **USER), scim.group("GK", ids["ONE"], ids["TWO"])
    return scim, f"/Users/{user['id']}", f"/Groups/{group['id']}", ids


def undone(scim: Any, address: str, method: str, body: Any) -> None:
    before = transaction.savepoint()
    check(scim, address, method, body)
    transaction.savepoint_rollback(before)


@slow
@given(operations=operations)
def test_what_a_patch_of_a_user_does_is_in_the_log(stage, operations):
    undone(stage[0], stage[1], "PATCH", {"Operations": operations})


@slow
@given(document=documents)
def test_what_a_put_of_a_user_does_is_in_the_log(stage, document):
    undone(stage[0], stage[1], "PUT", {"userName": "ada@x.com", **document})


@slow
@given(operations=member_operations)
def test_what_a_patch_of_a_group_does_is_in_the_log(stage, operations):
    scim, _, address, ids = stage

    def with_ids(value: Any) -> Any:
        if isinstance(value, list):
            return [with_ids(each) for each in value]
        if isinstance(value, dict):
            return {name: with_ids(each) for name, each in value.items()}
        return (
            value.replace('"ONE"', f'"{ids["ONE"]}"')
            if isinstance(value, str) and "[" in value
            else ids.get(value, value)
        )

    undone(scim, address, "PATCH", {"Operations": with_ids(operations)})
