"""For each event of the list the ways in which it happens, through the services that endpoints, pages and tasks call.

A scenario sets the scene and returns what is to be done then.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.changes import UserRecord
from gatekeeper.directory.deprovisioning_limits.limits import set_deprovisioning_limits
from gatekeeper.directory.groups.idp_groups import delete_group
from gatekeeper.directory.mappings.mappings import (
    choose_fallback_team,
    reset_mapping,
    set_last_group_policy,
)
from gatekeeper.directory.models import ActivePeriod, User
from gatekeeper.directory.outbox_events import AccessChange
from gatekeeper.directory.people.users import create_users, delete_user, edit_user, provision_user
from gatekeeper.directory.sessions.open_sessions import open_local_sign_in
from gatekeeper.directory.teams.teams import delete_team, merge_teams
from gatekeeper.events.codes import EventCode
from gatekeeper.events.models import PauseReason
from gatekeeper.events.webhooks.receivers import create_webhook, pause_webhook, resume_webhook
from gatekeeper.maintenance.audit_watch import watch_audit_trail
from saml.connections.lifecycle import create_connection
from saml.models import Connection
from saml.sync import run
from scim.credentials.api_keys import generate_key
from scim.credentials.key_expiry import announce_expiring_keys
from scim.models import ApiKey
from scim.provisioning_silence import watch_provisioning
from tests.audit.chain.attacker import without_triggers
from tests.builders import (
    ADMIN,
    ENTRA,
    add_members,
    link,
    make_administrator,
    make_group,
    make_provider,
    make_team,
    make_user,
    make_users,
    map_group,
    remove_members,
)
from tests.saml.forge import metadata
from tests.saml.keys import key_pair

Act = Callable[[], object]


@dataclass(frozen=True)
class Scenario:
    """``has``: facts that the event has to state; ``name``: what the test is called."""

    code: EventCode
    prepare: Callable[[], Act]
    has: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.code.value}: {self.prepare.__name__}"


SCENARIOS: list[Scenario] = []


def happens(code: EventCode, /, **has: Any) -> Callable[[Callable[[], Act]], Callable[[], Act]]:
    def add(prepare: Callable[[], Act]) -> Callable[[], Act]:
        SCENARIOS.append(Scenario(code, prepare, has))
        return prepare

    return add


def set_active(user: User, active: bool) -> None:
    edit_user(user.id, lambda record: replace(record, active=active), actor=ENTRA)


# ── People ───────────────────────────────────────────────────────────────────────────────────────────────────────


@happens(EventCode.USER_PROVISIONED, active=True, revived=False)
def somebody_new_is_provisioned() -> Act:
    return make_user


@happens(EventCode.USER_PROVISIONED, active=True, revived=False)
def several_are_provisioned_at_once() -> Act:
    return lambda: create_users([UserRecord(user_name="ada@example.com")], actor=ENTRA)


@happens(EventCode.USER_PROVISIONED, active=True, revived=True)
def an_inactive_person_is_provisioned_again() -> Act:
    set_active(make_user("ada@example.com"), active=False)
    return lambda: provision_user(UserRecord(user_name="ada@example.com"), actor=ENTRA)


@happens(EventCode.USER_DELETED)
def somebody_else_is_given_the_name() -> Act:
    set_active(make_user("ada@example.com", external_id="1"), active=False)
    return lambda: provision_user(UserRecord(user_name="ada@example.com", external_id="2"), actor=ENTRA)


@happens(EventCode.USER_DEACTIVATED)
def somebody_is_deactivated() -> Act:
    user = make_user()
    return lambda: set_active(user, active=False)


@happens(EventCode.USER_DELETED)
def somebody_is_deleted() -> Act:
    user = make_user()
    return lambda: delete_user(user.id, actor=ENTRA)


@happens(EventCode.USER_LINKED)
def the_sync_links_somebody() -> Act:
    make_provider()
    make_user()
    return link


@happens(EventCode.BREAK_GLASS_USED, address="192.0.2.1", proof="password")
def a_local_administrator_signs_in() -> Act:
    root = make_administrator()
    return lambda: open_local_sign_in(root, actor=ADMIN, proof="password", address="192.0.2.1", user_agent="")


# ── Access ───────────────────────────────────────────────────────────────────────────────────────────────────────


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.USER_REACTIVATED)
def somebody_is_activated_again() -> Act:
    user = make_user()
    set_active(user, active=False)
    return lambda: set_active(user, active=True)


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.GROUP_MEMBERS_CHANGED)
def a_group_is_created_with_members() -> Act:
    user = make_user()
    return lambda: make_group(members=[user])


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.GROUP_MEMBERS_CHANGED)
def somebody_joins_a_group() -> Act:
    group, user = make_group(), make_user()
    return lambda: add_members(group, user)


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.GROUP_MEMBERS_CHANGED)
def somebody_leaves_a_group() -> Act:
    user = make_user()
    group = make_group(members=[user])
    return lambda: remove_members(group, user)


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.GROUP_DELETED, people=1)
def a_group_is_deleted() -> Act:
    group = make_group(members=[make_user()])
    return lambda: delete_group(group.id, actor=ENTRA)


@happens(
    EventCode.ACCESS_CHANGED,
    cause=AccessChange.MAPPING_SET,
    mapping={"level": "administrator", "permissions": [], "teams": []},
)
def a_mapping_is_set() -> Act:
    group = make_group()
    return lambda: map_group(group, "administrator")


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.MAPPING_RESET)
def a_mapping_is_reset() -> Act:
    group = make_group()
    map_group(group, "administrator")
    return lambda: reset_mapping(group.id, actor=ADMIN)


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.DEFAULT_MAPPING_SET)
def the_default_mapping_is_set() -> Act:
    return lambda: map_group(None, "collaborator")


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.FALLBACK_TEAM_CHOSEN)
def a_fallback_team_is_chosen() -> Act:
    team = make_team()
    return lambda: choose_fallback_team(team.id, actor=ADMIN)


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.LAST_GROUP_POLICY_SET, policy="fallback")
def the_last_group_policy_is_set() -> Act:
    return lambda: set_last_group_policy("fallback", actor=ADMIN)


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.TEAM_DELETED)
def a_team_is_deleted() -> Act:
    team = make_team()
    return lambda: delete_team(team.id, actor=ADMIN)


@happens(EventCode.ACCESS_CHANGED, cause=AccessChange.TEAM_MERGED, mappings=0)
def two_teams_are_merged() -> Act:
    source, target = make_team(), make_team()
    return lambda: merge_teams(source.id, target.id, actor=ADMIN)


# ── What an operator should know of ──────────────────────────────────────────────────────────────────────────────


@happens(EventCode.DEPROVISIONING_ALERT, lost=4, held=False)
def many_people_lose_access() -> Act:
    users = make_users(10)
    ActivePeriod.objects.update(since="2020-01-01T00:00:00Z")
    set_deprovisioning_limits(share=30, minimum=3, minutes=60, hold=False, actor=ADMIN)
    for user in users[:3]:
        set_active(user, active=False)
    return lambda: set_active(users[3], active=False)


@happens(EventCode.PRIVILEGE_GAINED, level="global_administrator", held=False)
def somebody_becomes_global_administrator() -> Act:
    group, user = make_group(), make_user()
    map_group(group, "global_administrator")
    return lambda: add_members(group, user)


@happens(EventCode.SYNC_FAILED, scope="connection", code="metadata_refused", repeated=False)
def the_metadata_of_a_connection_cannot_be_read() -> Act:
    create_connection("Entra", document=metadata(), actor=ADMIN)
    Connection.objects.update(idp_metadata_url="http://elsewhere.example/metadata")
    return lambda: run.sync_saml_users(actor=ADMIN)


@happens(EventCode.CERTIFICATE_EXPIRING, step=7)
def a_certificate_expires_soon() -> Act:
    create_connection("Entra", document=metadata(key_pair("soon", days=6)), actor=ADMIN)
    return lambda: run.sync_saml_users(actor=ADMIN)


@happens(EventCode.KEY_EXPIRING, step=1)
def an_api_key_expires_soon() -> Act:
    generate_key("Entra", expires_at=timezone.now() + timedelta(hours=20), actor=ADMIN)
    return lambda: announce_expiring_keys(actor=ADMIN, now=timezone.now())


@happens(EventCode.PROVISIONING_SILENT)
def the_identity_provider_has_stopped_to_ask() -> Act:
    generate_key("Entra", actor=ADMIN)
    ApiKey.objects.update(last_used_at=timezone.now() - timedelta(hours=5))
    return lambda: watch_provisioning(actor=ADMIN, now=timezone.now())


@happens(EventCode.PROVISIONING_RESUMED)
def the_identity_provider_asks_again() -> Act:
    the_identity_provider_has_stopped_to_ask()()
    ApiKey.objects.update(last_used_at=timezone.now())
    return lambda: watch_provisioning(actor=ADMIN, now=timezone.now())


@happens(EventCode.WEBHOOK_PAUSED, reason="gone")
def a_receiver_wants_nothing_more() -> Act:
    webhook, _ = create_webhook("https://receiver.example/", ["user.linked"], actor=ADMIN)
    return lambda: pause_webhook(webhook.pk, actor=ADMIN, reason=PauseReason.GONE)


@happens(EventCode.WEBHOOK_RESUMED)
def somebody_resumes_a_webhook() -> Act:
    webhook, _ = create_webhook("https://receiver.example/", ["user.linked"], actor=ADMIN)
    pause_webhook(webhook.pk, actor=ADMIN, reason=PauseReason.NO_SUCCESS)
    return lambda: resume_webhook(webhook.pk, actor=ADMIN)


@happens(EventCode.AUDIT_TRAIL_DAMAGED, problems=1)
def somebody_alters_an_entry_past_the_site() -> Act:
    make_team("Finance")
    link_new_entries()
    with without_triggers():
        AuditEntry.objects.filter(event="team.created").update(object_label="Somebody else")
    return lambda: watch_audit_trail(actor=Actor.scheduler("configuration.verify_audit_trail"))


def failing_sync() -> None:
    """A run that fails as a whole, for tests that have made it fail."""
    with suppress(ZeroDivisionError):
        run.sync_saml_users(actor=ADMIN)
