"""What effective access lets somebody do in this site (docs/rules.md#8): asked by pages and API, decided here."""

from uuid import uuid4

import pytest

from gatekeeper.directory.access.resolver import Access, Blocked
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission

CAPABILITIES = ("can_configure", "can_read_people", "can_read_logs", "can_read_reports", "can_use_api")


def access_with(level: str, *permissions: Permission, blocked: Blocked | None = None) -> Access:
    """Access as the resolver would state it."""
    return Access(
        user_id=uuid4(),
        user_name="ada@example.com",
        email="ada@example.com",
        active=True,
        blocked_because=blocked,
        level=Level.from_slug(level),
        permissions=frozenset(permissions),
        teams={},
        sources=(),
        team_names={},
    )


@pytest.mark.parametrize(
    ("level", "permissions", "expected"),
    [
        ("global_administrator", [], set()),
        (
            "global_administrator",
            [Permission.CONFIGURATION],
            {"can_configure", "can_read_people", "can_read_logs", "can_read_reports"},
        ),
        ("administrator", [Permission.CONFIGURATION, Permission.USERS], set()),
        ("global_administrator", [Permission.USERS], {"can_read_people"}),
        ("collaborator", [Permission.HISTORY], {"can_read_logs", "can_read_reports"}),
        ("collaborator", [Permission.REPORTS], {"can_read_reports"}),
        ("employee_portal", [Permission.API], {"can_use_api"}),
    ],
)
def test_each_permission_opens_what_the_rules_say_and_nothing_else(
    level: str, permissions: list[Permission], expected: set[str]
) -> None:
    access = access_with(level, *permissions)

    assert {name for name in CAPABILITIES if getattr(access, name)} == expected


def test_who_cannot_sign_in_configures_nothing() -> None:
    access = access_with("global_administrator", Permission.CONFIGURATION, blocked=Blocked.DEACTIVATED)

    assert not access.can_configure
    assert not access.can_read_people
