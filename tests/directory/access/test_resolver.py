"""The rules of access, on facts alone: no database."""

from uuid import UUID, uuid4

import pytest

from gatekeeper.directory.access.resolver import Access, PersonFacts, SiteFacts, effective_access
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission

GENERAL, FINANCE, LEGAL = uuid4(), uuid4(), uuid4()
GROUP_A, GROUP_B = uuid4(), uuid4()


def mapping(level: Level = Level.COLLABORATOR, *permissions: Permission, teams: tuple[UUID, ...] = ()) -> MappingRecord:
    return MappingRecord(level=level, permissions=frozenset(permissions), team_ids=frozenset(teams))


def access(
    person: dict[str, object] | None = None,
    *,
    default: MappingRecord | None = None,
    mappings: dict[UUID, MappingRecord] | None = None,
    fallback: UUID | None = GENERAL,
    policy: str = "revoke",
    connected: bool = True,
) -> Access:
    facts: dict[str, object] = {
        "user_id": uuid4(),
        "user_name": "ada@example.com",
        "email": "ada@example.com",
        "active": True,
        "deleted": False,
        "local": False,
        "groups": (),
        "last_ended": None,
        "linked": True,
        "conflicting": False,
    }
    site = SiteFacts(
        default_mapping=default or mapping(),
        mappings=mappings or {},
        teams={GENERAL: "General", FINANCE: "Finance", LEGAL: "Legal"},
        fallback_team_id=fallback,
        last_group_policy=policy,
        has_saml_connection=connected,
    )
    return effective_access(PersonFacts(**{**facts, **(person or {})}), site)  # type: ignore[arg-type]


BOTH = {"groups": ((GROUP_A, "GK A"), (GROUP_B, "GK B"))}


def test_several_groups_give_the_highest_level_and_the_union_of_the_rest() -> None:
    merged = access(
        BOTH,
        mappings={
            GROUP_A: mapping(Level.GLOBAL_COLLABORATOR, Permission.REPORTS, teams=(FINANCE,)),
            GROUP_B: mapping(Level.ADMINISTRATOR, Permission.HISTORY, teams=(LEGAL,)),
        },
    )

    assert merged.level is Level.ADMINISTRATOR
    assert merged.permissions == {Permission.REPORTS, Permission.HISTORY}
    assert set(merged.teams.values()) == {"Finance", "Legal"}
    assert [source.name for source in merged.sources] == ["GK A", "GK B"]


def test_the_order_of_groups_plays_no_part() -> None:
    mappings = {GROUP_A: mapping(Level.ADMINISTRATOR), GROUP_B: mapping(Level.COLLABORATOR, Permission.API)}

    one = access(BOTH, mappings=mappings)
    other = access({"groups": tuple(reversed(BOTH["groups"]))}, mappings=mappings)

    assert one.as_document() == other.as_document()


def test_a_group_without_a_mapping_of_its_own_has_the_default_mapping() -> None:
    found = access({"groups": ((GROUP_A, "GK A"),)}, default=mapping(Level.EMPLOYEE_PORTAL, Permission.API))

    assert found.level is Level.EMPLOYEE_PORTAL
    assert found.sources[0].uses_default


def test_whoever_never_was_in_a_group_has_the_default_mapping() -> None:
    found = access(default=mapping(Level.COLLABORATOR))

    assert found.level is Level.COLLABORATOR
    assert [source.kind for source in found.sources] == ["default", "fallback"]


def test_whose_last_group_was_deleted_has_the_default_mapping() -> None:
    assert access({"last_ended": "group_deleted"}).level is Level.COLLABORATOR


def test_whoever_was_removed_from_their_last_group_has_nothing() -> None:
    found = access({"last_ended": "removed"})

    assert found.level is Level.NONE
    assert found.blocked_because == "no_group_access"
    assert found.teams == {}


def test_the_fallback_policy_gives_the_default_mapping_to_whoever_was_removed() -> None:
    assert access({"last_ended": "removed"}, policy="fallback").level is Level.COLLABORATOR


def test_a_merged_level_of_none_cannot_sign_in_and_carries_nothing() -> None:
    found = access(default=mapping(Level.NONE, Permission.REPORTS, teams=(LEGAL,)))

    assert found.blocked_because == "no_group_access"
    assert found.permissions == frozenset()
    assert found.teams == {}


def test_whoever_has_access_and_no_team_is_in_the_fallback_team() -> None:
    found = access()

    assert list(found.teams.values()) == ["General"]
    assert found.sources[-1].kind == "fallback"


def test_a_mapping_that_names_only_deleted_teams_leads_to_the_fallback_team() -> None:
    assert list(access(default=mapping(teams=(uuid4(),))).teams.values()) == ["General"]


def test_without_a_fallback_team_access_goes_on_without_a_team() -> None:
    found = access(fallback=None)

    assert found.can_sign_in
    assert found.teams == {}


@pytest.mark.parametrize(
    ("person", "connected", "reason"),
    [
        ({"deleted": True}, True, "deleted"),
        ({"active": False}, True, "deactivated"),
        ({"linked": False}, False, "no_saml_connection"),
        ({"linked": False, "conflicting": True}, True, "identity_conflict"),
        ({"linked": False}, True, "awaiting_saml_sync"),
        ({}, True, None),
    ],
)
def test_what_stands_between_a_person_and_sign_in(
    person: dict[str, object], connected: bool, reason: str | None
) -> None:
    found = access(person, connected=connected)

    assert found.blocked_because == reason
    assert found.can_sign_in is (reason is None)


def test_configuration_has_effect_only_at_global_administrator() -> None:
    below = access(default=mapping(Level.ADMINISTRATOR, Permission.CONFIGURATION))
    there = access(default=mapping(Level.GLOBAL_ADMINISTRATOR, Permission.CONFIGURATION))

    assert not below.can_configure
    assert there.can_configure


def test_a_local_administrator_needs_no_connection_and_may_configure() -> None:
    found = access({"local": True, "linked": False}, connected=False)

    assert found.can_configure
    assert found.sources[0].kind == "local"
