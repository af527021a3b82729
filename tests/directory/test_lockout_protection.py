"""The last person who may configure stays, whichever change is made (docs/rules.md#9, docs/rules.md#8)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatekeeper.audit.models import AuditEntry
from gatekeeper.config_as_code.apply import apply_document
from gatekeeper.config_as_code.document import read_document
from gatekeeper.directory.access.loaders import access_of, access_of_many, site_facts
from gatekeeper.directory.changes import MappingRecord, MembersChange
from gatekeeper.directory.groups.idp_groups import delete_group, edit_group
from gatekeeper.directory.identity_linking.identity_providers import end_identity_provider
from gatekeeper.directory.identity_linking.sign_in import person_who_signs_in
from gatekeeper.directory.levels import Level
from gatekeeper.directory.lockout_protection import somebody_could_configure
from gatekeeper.directory.mappings.mappings import reset_mapping, set_last_group_policy, set_mapping
from gatekeeper.directory.models import IdentityProvider, IdpGroup, SignInIdentity, User
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import NobodyCouldConfigure
from tests.builders import (
    ADMIN,
    ENTRA,
    add_members,
    link,
    make_administrator,
    make_group,
    make_provider,
    make_user,
    map_group,
    remove_members,
)
from tests.transactions import rolled_back

pytestmark = pytest.mark.django_db

LEADER = MappingRecord(level=Level.GLOBAL_ADMINISTRATOR, permissions=frozenset({Permission.CONFIGURATION}))
NOTHING = MappingRecord()


@dataclass(frozen=True)
class Site:
    """Ada, the only one who may configure; through ``group``, or through the Default Mapping in no group."""

    ada: User
    group: IdpGroup
    provider: IdentityProvider


@pytest.fixture
def by_group() -> Site:
    provider, ada = make_provider(), make_user("ada@example.com")
    group = make_group("GK Leaders", [ada])
    map_group(group, "global_administrator", ["configuration"])
    link()
    person_who_signs_in(provider.id, "ada@example.com", "ada's account id")
    return Site(ada, group, provider)


@pytest.fixture
def by_default() -> Site:
    provider, ada = make_provider(), make_user("ada@example.com")
    group = make_group("GK Staff", [ada])
    map_group(group, "collaborator")
    set_last_group_policy("fallback", actor=ADMIN)
    map_group(None, "global_administrator", ["configuration"])
    remove_members(group, ada)
    link()
    return Site(ada, group, provider)


def _edit(site: Site, **fields: Any) -> None:
    edit_user(site.ada.id, lambda current: replace(current, **fields), actor=ENTRA)


def _members(site: Site, change: MembersChange) -> None:
    edit_group(site.group.id, None, change, actor=ENTRA)


def _apply(text: str) -> None:
    apply_document(read_document(text), actor=ADMIN, confirmed=True)


Way = Callable[[Site], Any]

WAYS_BY_GROUP: dict[str, Way] = {
    "the person is deactivated": lambda site: _edit(site, active=False),
    "the person is deleted": lambda site: delete_user(site.ada.id, actor=ENTRA),
    "the work e-mail changes": lambda site: _edit(site, work_email="eve@example.com"),
    "the work e-mail is taken away": lambda site: _edit(site, work_email=None),
    "the person is removed from the group": lambda site: remove_members(site.group, site.ada),
    "the members are replaced": lambda site: _members(site, MembersChange(base=frozenset())),
    "the group is deleted": lambda site: delete_group(site.group.id, actor=ENTRA),
    "the mapping is changed": lambda site: set_mapping(site.group.id, NOTHING, actor=ADMIN),
    "the mapping is reset": lambda site: reset_mapping(site.group.id, actor=ADMIN),
    "a document changes the mapping": lambda site: _apply('{"group_mappings": {"GK Leaders": {"level": "none"}}}'),
    "a document leaves the mapping out": lambda site: _apply('{"group_mappings": {}}'),
    "the connection is deleted": lambda site: end_identity_provider(site.provider.id, actor=ADMIN),
}
WAYS_BY_DEFAULT: dict[str, Way] = {
    "the Default Mapping is changed": lambda site: set_mapping(None, NOTHING, actor=ADMIN),
    "a document changes the Default Mapping": lambda site: _apply('{"default_mapping": {"level": "none"}}'),
    "the last group policy is changed": lambda site: set_last_group_policy("revoke", actor=ADMIN),
    "a document changes the policy": lambda site: _apply('{"last_group_policy": "revoke"}'),
    "the person joins a group that grants less": lambda site: add_members(site.group, site.ada),
}


def expect_refusal(site: Site, way: Way) -> None:
    entries, groups, facts = AuditEntry.objects.count(), IdpGroup.objects.count(), site_facts()
    with pytest.raises(NobodyCouldConfigure, match="no active person who may configure"):
        way(site)
    assert access_of(User.objects.get(pk=site.ada.id)).can_configure
    assert (AuditEntry.objects.count(), IdpGroup.objects.count(), site_facts()) == (entries, groups, facts)


@pytest.mark.parametrize("way", WAYS_BY_GROUP.values(), ids=WAYS_BY_GROUP.keys())
def test_the_last_who_may_configure_by_a_group_stays(by_group: Site, way: Way) -> None:
    expect_refusal(by_group, way)


@pytest.mark.parametrize("way", WAYS_BY_DEFAULT.values(), ids=WAYS_BY_DEFAULT.keys())
def test_the_last_who_may_configure_by_the_default_mapping_stays(by_default: Site, way: Way) -> None:
    expect_refusal(by_default, way)


@pytest.mark.parametrize("way", WAYS_BY_GROUP.values(), ids=WAYS_BY_GROUP.keys())
def test_with_a_local_administrator_every_way_is_open(by_group: Site, way: Way) -> None:
    make_administrator()

    way(by_group)

    assert not access_of(User.objects.get(pk=by_group.ada.id)).can_configure


@pytest.mark.parametrize("way", WAYS_BY_GROUP.values(), ids=WAYS_BY_GROUP.keys())
def test_a_second_who_may_configure_opens_every_way_that_leaves_them(by_group: Site, way: Way) -> None:
    second = make_user("bo@example.com")
    other = make_group("GK Others", [second])
    map_group(other, "global_administrator", ["configuration"])
    link()

    if way in (WAYS_BY_GROUP["a document leaves the mapping out"], WAYS_BY_GROUP["the connection is deleted"]):
        expect_refusal(by_group, way)
    elif way is WAYS_BY_GROUP["a document changes the mapping"]:
        expect_refusal(by_group, way)  # it does not state the other group's mapping, which ends
    else:
        way(by_group)
        assert not access_of(User.objects.get(pk=by_group.ada.id)).can_configure
        assert access_of(second).can_configure


def test_a_new_group_takes_nothing_from_who_has_the_default_mapping(by_default: Site) -> None:
    make_group("GK New", [by_default.ada])

    assert access_of(by_default.ada).can_configure


def test_a_sync_keeps_the_last_link_where_the_account_is_known(by_group: Site) -> None:
    make_user("twin@example.com", work_email="ada@example.com")

    report = link()

    assert report.unlinked == 0
    assert "this link stays" in report.conflicts[-1].reason
    assert access_of(by_group.ada).can_configure
    assert link().linked == 0


def test_a_sync_ends_a_link_whose_account_nobody_has_seen_yet(by_group: Site) -> None:
    SignInIdentity.objects.update(object_id="")
    make_user("twin@example.com", work_email="ada@example.com")

    assert link().unlinked == 1


GROUPS, PEOPLE = 3, 3
mappings = st.builds(
    lambda level, configuration: MappingRecord(
        level=level, permissions=frozenset([Permission.CONFIGURATION] if configuration else [])
    ),
    st.sampled_from([Level.NONE, Level.COLLABORATOR, Level.GLOBAL_ADMINISTRATOR]),
    st.booleans(),
)
pairs = st.frozensets(st.tuples(st.integers(0, GROUPS - 1), st.integers(0, PEOPLE - 1)))


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    join=pairs,
    leave=pairs,
    worth=st.dictionaries(st.integers(0, GROUPS - 1), mappings),
    default=mappings,
    policy=st.sampled_from(["revoke", "fallback"]),
    deleted=st.booleans(),
    linked=st.booleans(),
)
def test_whether_somebody_could_configure_is_what_asking_everybody_gives(db: None, **scene: Any) -> None:
    with rolled_back():
        _compare(**scene)


def _compare(
    join: Any, leave: Any, worth: Any, default: MappingRecord, policy: str, deleted: bool, linked: bool
) -> None:
    people, groups = [make_user() for _ in range(PEOPLE)], [make_group() for _ in range(GROUPS)]
    for group, person in sorted(join):
        add_members(groups[group], people[person])
    for group, person in sorted(leave):
        remove_members(groups[group], people[person])
    if deleted:
        delete_group(groups[0].id, actor=ENTRA)
    if linked:
        make_provider()
        link()
    site = replace(
        site_facts(),
        mappings={groups[number].id: mapping for number, mapping in worth.items()},
        default_mapping=default,
        last_group_policy=policy,
    )
    naive = any(access.can_configure for access in access_of_many(people, site=site).values())
    assert somebody_could_configure(site) == naive
