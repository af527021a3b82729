"""Every request of the provisioning job, ready to send."""

from typing import Any
from urllib.parse import quote

from entra_client.protocol.client_quirks import EntraQuirks, quoted
from entra_client.protocol.transport import Request


def find_user(quirks: EntraQuirks, user_name: str) -> Request:
    """Is there somebody of this name? Asked for everybody before anything is written."""
    return Request(method="GET", path="/Users", query=f"filter={quirks.filter(f'userName eq {quoted(user_name)}')}")


def find_group(quirks: EntraQuirks, display_name: str) -> Request:
    """Is there a group of this name? Entra never wants to see the members."""
    expression = quirks.filter(f"displayName eq {quoted(display_name)}")
    return Request(method="GET", path="/Groups", query=f"excludedAttributes=members&filter={expression}")


def is_member(quirks: EntraQuirks, group_id: str, user_id: str) -> Request:
    """The membership check of the older job: one result or none."""
    expression = quirks.filter(f"id eq {quoted(group_id)} and members eq {quoted(user_id)}")
    return Request(method="GET", path="/Groups", query=f"filter={expression}&attributes=id")


def has_manager(quirks: EntraQuirks, user_id: str, manager_id: str) -> Request:
    """The check before a manager is written: one result or none."""
    expression = quirks.filter(f"id eq {quoted(user_id)} and manager eq {quoted(manager_id)}")
    return Request(method="GET", path="/Users", query=f"filter={expression}&attributes=id")


def page_of_users(start: int, count: int) -> Request:
    """One page of everybody, by index (RFC 7644 §3.4.2.4)."""
    return Request(method="GET", path="/Users", query=f"startIndex={start}&count={count}")


def create(kind: str, body: dict[str, Any]) -> Request:
    """A new User or Group."""
    return Request(method="POST", path=f"/{kind}s", body=body)


def read(kind: str, resource_id: str, *, without_members: bool = False) -> Request:
    """A User or Group by its id."""
    return Request(
        method="GET",
        path=f"/{kind}s/{quote(resource_id, safe='')}",
        query="excludedAttributes=members" if without_members else "",
    )


def change(kind: str, resource_id: str, body: dict[str, Any]) -> Request:
    """Differences to a User or Group."""
    return Request(method="PATCH", path=f"/{kind}s/{quote(resource_id, safe='')}", body=body)


def delete(kind: str, resource_id: str) -> Request:
    """The end of a User or Group."""
    return Request(method="DELETE", path=f"/{kind}s/{quote(resource_id, safe='')}")
