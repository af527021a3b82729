"""No SCIM request takes away the last person who may configure (docs/rules.md#9)."""

from collections.abc import Callable
from typing import Any

import pytest

from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.directory.access.loaders import access_of
from gatekeeper.directory.models import IdpGroup, User
from tests.builders import link, make_administrator, make_group, make_provider, make_user, map_group
from tests.scim.conftest import ScimClient

WORK = 'emails[type eq "work"].value'


@pytest.fixture
def ada(scim: ScimClient) -> User:
    make_provider()
    user = make_user("ada@x.com", attributes={"emails": [{"type": "work", "value": "ada@x.com"}]})
    map_group(make_group("GK Leaders", [user]), "global_administrator", ["configuration"])
    link()
    return user


def bulk(scim: ScimClient, method: str, path: str, **data: Any) -> Any:
    """The answer to one operation, as if it had come alone."""
    answer = scim.post("/Bulk", {"Operations": [{"method": method, "path": path, **data}]})
    return answer.json()["Operations"][0]


Ask = Callable[[ScimClient, str, str], Any]

ASKED: dict[str, Ask] = {
    "PATCH active": lambda scim, user, _: scim.patch(user, {"op": "replace", "path": "active", "value": "False"}),
    "PUT active": lambda scim, user, _: scim.put(user, {"userName": "ada@x.com", "active": False}),
    "DELETE user": lambda scim, user, _: scim.delete(user),
    "PATCH e-mail": lambda scim, user, _: scim.patch(user, {"op": "replace", "path": WORK, "value": "eve@x.com"}),
    "PUT another name": lambda scim, user, _: scim.put(user, {"userName": "eve@x.com"}),
    "PATCH members": lambda scim, user, group: scim.patch(
        group, {"op": "remove", "path": f'members[value eq "{user[7:]}"]'}
    ),
    "PATCH all members": lambda scim, _, group: scim.patch(group, {"op": "remove", "path": "members"}),
    "PUT members": lambda scim, _, group: scim.put(group, {"displayName": "GK Leaders", "members": []}),
    "DELETE group": lambda scim, _, group: scim.delete(group),
    "Bulk DELETE user": lambda scim, user, _: bulk(scim, "DELETE", user),
    "Bulk PUT members": lambda scim, _, group: bulk(scim, "PUT", group, data={"displayName": "GK Leaders"}),
}


def addresses(user: User) -> tuple[str, str]:
    return f"/Users/{user.id}", f"/Groups/{IdpGroup.objects.get().id}"


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_it_is_refused_with_the_reason_and_nothing_is_changed(scim: ScimClient, ada: User, ask: Ask) -> None:
    before = scim.get(f"/Users/{ada.id}").json()

    answer = ask(scim, *addresses(ada))

    status, detail = (
        (answer["status"], answer["response"]["detail"])
        if isinstance(answer, dict)
        else (str(answer.status_code), answer.json()["detail"])
    )
    assert status == "409"
    assert "no active person who may configure" in detail
    assert scim.get(f"/Users/{ada.id}").json() == before
    assert access_of(User.objects.get()).can_configure
    assert ProvisioningEntry.objects.get().outcome == "refused"


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED.keys())
def test_with_a_local_administrator_it_is_done(scim: ScimClient, ada: User, ask: Ask) -> None:
    make_administrator()

    ask(scim, *addresses(ada))

    assert not access_of(User.objects.get(pk=ada.pk)).can_configure
    assert ProvisioningEntry.objects.get().outcome == "changed"
