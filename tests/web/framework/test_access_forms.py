"""Each form of the site either asks before somebody could no longer sign in, or can't take anybody's access.

The forms are those of docs/permissions.md, so that a new one cannot be forgotten: it has to be entered here.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.deprovisioning_limits.approvals import approved_until
from gatekeeper.directory.deprovisioning_limits.limits import set_deprovisioning_limits
from gatekeeper.directory.mappings.mappings import choose_fallback_team, set_last_group_policy
from gatekeeper.directory.models import IdentityProvider, IdpGroup, SignInIdentity, Team, User
from saml.connections.lifecycle import create_connection
from saml.models import Connection, SignInAttempt
from tests.builders import (
    ADMIN,
    add_members,
    link,
    log_request,
    make_group,
    make_team,
    make_user,
    map_group,
    remove_members,
)
from tests.idp_metadata import entra_metadata
from tests.web.addresses import table
from tests.web.pages import carried, confirmation, text_of

OTHER_METADATA = entra_metadata().replace(b"tenant", b"other")
SETTINGS = "/settings/configuration"
SCIM, SIGN_ON = f"{SETTINGS}/scim", f"{SETTINGS}/authentication"
# Not forms of these pages: protocols, and signing in and out.
ELSEWHERE = ("/scim/", "/saml/", "/api/", "/oauth2/", "/sign-in/", "/sign-out/", "/docs/")

# Forms that can take nobody's access, and make nobody Global Administrator: why.
PREVIEW = "a preview: it writes nothing"
OWN = "one's own account, which keeps its access"
SESSIONS = "sessions and tokens end, and their people sign in again"
MACHINES = "machines that provision, sign or receive: no access of people"
SET_UP = "the set-up link itself"
HARMLESS = {
    f"{SCIM}/fallback-team/preview/": PREVIEW,
    f"{SCIM}/last-group-policy/preview/": PREVIEW,
    f"{SCIM}/default-mapping/preview/": PREVIEW,
    f"{SCIM}/groups/<group_id>/mapping/preview/": PREVIEW,
    f"{SCIM}/groups/<group_id>/mapping/reset/preview/": PREVIEW,
    f"{SETTINGS}/teams/<team_id>/delete/preview/": PREVIEW,
    f"{SETTINGS}/teams/<team_id>/merge/preview/": PREVIEW,
    f"{SETTINGS}/as-code/preview/": PREVIEW,
    f"{SETTINGS}/undo/<entry_id>/preview/": PREVIEW,
    f"{SETTINGS}/teams/": "a new team that nothing names yet",
    f"{SETTINGS}/teams/<team_id>/": "a team's name",
    f"{SETTINGS}/teams/<team_id>/merge/": "whoever is in the one team is in the other one",
    f"{SETTINGS}/retention/": "people who are deleted already",
    f"{SETTINGS}/deprovisioning-limits/": "when to be warned, and whether to hold; the approval is a form of its own",
    f"{SETTINGS}/local-accounts/": "a local account without a second factor sets one up at the next sign-in",
    f"{SCIM}/attributes/": "values of profiles",
    f"{SCIM}/attributes/<attribute_id>/remove/": "values of profiles; asked about with their number",
    f"{SCIM}/key/generate/": MACHINES,
    f"{SCIM}/key/revoke/": MACHINES,
    f"{SCIM}/clients/add/": MACHINES,
    f"{SCIM}/credentials/<credential_id>/": MACHINES,
    f"{SCIM}/credentials/<credential_id>/rotate/": MACHINES,
    f"{SCIM}/credentials/<credential_id>/revoke/": MACHINES,
    f"{SIGN_ON}/<connection_id>/next-key/": MACHINES,
    f"{SIGN_ON}/<connection_id>/finish-key-change/": MACHINES,
    f"{SIGN_ON}/<connection_id>/pin/": MACHINES,
    f"{SIGN_ON}/<connection_id>/refresh/": "shows what the metadata would change, and takes what changes nothing",
    f"{SIGN_ON}/<connection_id>/refresh/confirm/": "takes what the page before showed as a difference; links stay",
    f"{SIGN_ON}/<connection_id>/revocation/": MACHINES,
    f"{SIGN_ON}/<connection_id>/event-stream/": MACHINES,
    f"{SIGN_ON}/<connection_id>/event-stream/secret/": MACHINES,
    f"{SIGN_ON}/<connection_id>/profile-fields/": "values of profiles",
    f"{SETTINGS}/setup-links/": "who may set up the other side; what they switch on takes nobody's access",
    f"{SETTINGS}/setup-links/<link_id>/revoke/": MACHINES,
    "/settings/siem-streams/": MACHINES,
    "/settings/siem-streams/<stream_id>/": MACHINES,
    "/settings/siem-streams/<stream_id>/delete/": MACHINES,
    "/settings/siem-streams/<stream_id>/pause/": MACHINES,
    "/settings/siem-streams/<stream_id>/replay/": MACHINES,
    "/settings/siem-streams/<stream_id>/resume/": MACHINES,
    "/settings/siem-streams/<stream_id>/test/": MACHINES,
    "/settings/webhooks/": MACHINES,
    "/settings/webhooks/<webhook_id>/delete/": MACHINES,
    "/settings/webhooks/<webhook_id>/pause/": MACHINES,
    "/settings/webhooks/<webhook_id>/replay/": MACHINES,
    "/settings/webhooks/<webhook_id>/resume/": MACHINES,
    "/settings/webhooks/<webhook_id>/test/": MACHINES,
    "/settings/mail/": "who is written to",
    "/settings/mail/<recipient_id>/": "what they are sent",
    "/settings/mail/<recipient_id>/test/": "the same",
    "/settings/mail/<recipient_id>/resume/": "the same",
    "/settings/mail/<recipient_id>/remove/": "the same",
    "/users/<user_id>/api-tokens/revoke/": SESSIONS,
    "/users/<user_id>/api-tokens/<token_id>/revoke/": SESSIONS,
    "/users/<user_id>/end-sessions/": SESSIONS,
    "/users/<user_id>/sessions/<sign_in_id>/end/": SESSIONS,
    "/provisioning-log/trace/": "what the log lists",
    "/provisioning-log/trace/stop/": "what the log lists",
    "/sync-history/run/": "what minute 45 does anyway",
    "/audit-trail/verify/": "it reads, and says in the trail that it did",
    "/sign-in-attempts/<attempt_id>/personal-values/": "what a page shows",
    "/views/columns/": "what a list shows",
    "/views/save/": "what a list shows; whoever opens the view needs what the list needs",
    "/views/<view_id>/": "the name of a view",
    "/views/<view_id>/delete/": "a view; the list stays",
    "/profile/language/": OWN,
    "/profile/password/": OWN,
    "/profile/second-factor/": OWN,
    "/profile/end-sessions/": OWN,
    "/profile/end-other-sessions/": OWN,
    "/profile/sessions/<sign_in_id>/end/": OWN,
    "/profile/api-tokens/new/": OWN,
    "/profile/api-tokens/revoke/": OWN,
    "/profile/api-tokens/<token_id>/revoke/": OWN,
    "/profile/passkeys/": OWN,
    "/profile/passkeys/<passkey_id>/remove/": OWN,
    "/set-up/open/<token>/": SET_UP,
    "/set-up/open/<token>/ask/": SET_UP,
    "/set-up/<link_id>/product/": SET_UP,
    "/set-up/<link_id>/finish/": SET_UP,
    "/set-up/<link_id>/sign-on/": "a connection that nobody signs in through yet",
    "/set-up/<link_id>/switch-on/": "one more way in; refused where it would take people from another connection",
    "/set-up/<link_id>/provisioning/key/": MACHINES,
    "/set-up/<link_id>/certificate/": "shows what the metadata would change",
    "/set-up/<link_id>/certificate/confirm/": "takes what the page before showed as a difference; links stay",
}


@dataclass
class World:
    """Ada, Bo, Cy and Dee are in a group without a mapping, and sign in through Entra; Eli was removed from it."""

    group: IdpGroup
    people: list[User]
    finance: Team
    connection: Connection


@pytest.fixture
def world(db: None) -> World:
    map_group(None, "collaborator")
    people = [make_user(f"{name.lower()}@x.example", display_name=name) for name in ("Ada", "Bo", "Cy", "Dee")]
    world = World(
        make_group("GK All", people),
        people,
        make_team("Finance"),
        create_connection("Entra", document=entra_metadata(), actor=ADMIN),
    )
    eli = make_user("eli@x.example", display_name="Eli", work_email=None)  # nothing to link by
    add_members(world.group, eli)
    remove_members(world.group, eli)
    link()
    return world


@dataclass(frozen=True)
class Dangerous:
    """A form: its address, what it sends, what it asks, and what has to be so before."""

    address: Callable[[World], str]
    form: Callable[[World], dict[str, Any]]
    asks: str
    prepare: Callable[[World], object] = lambda world: None


def at(name: str, *arguments: Callable[[World], Any]) -> Callable[[World], str]:
    return lambda world: reverse(f"web:{name}", args=[argument(world) for argument in arguments])


def sending(**fields: Any) -> Callable[[World], dict[str, Any]]:
    return lambda _: fields


def of_group(name: str) -> Callable[[World], str]:
    return at(name, lambda world: world.group.id)


def of_connection(name: str) -> Callable[[World], str]:
    return at(name, lambda world: world.connection.id)


def latest(event: str) -> int:
    return AuditEntry.objects.filter(event=event).latest("id").pk


def another_connection(world: World) -> Connection:
    """One that is only tried out, for the domain of everybody; a test of it succeeded."""
    made = create_connection("Okta", document=OTHER_METADATA, actor=ADMIN, domains=["x.example"], test_only=True)
    SignInAttempt.objects.create(connection=made, accepted=True, is_test=True, at=timezone.now())
    return made


def hold(world: World) -> None:
    """Requests that would deactivate Ada, and take Bo out of the group, wait."""
    set_deprovisioning_limits(share=1, minimum=1, minutes=60, hold=True, actor=ADMIN)
    held: dict[str, Any] = {
        "status": 429,
        "reason": "held_for_approval",
        "parameters": {"lost": 1, "active": 5, "minutes": 60},
    }
    ada, bo = world.people[:2]
    log_request("refused", method="PATCH", path=f"/Users/{ada.id}", user_id=ada.id, user_label="Ada", **held)
    remove = {"Operations": [{"op": "remove", "path": "members", "value": [{"value": str(bo.id)}]}]}
    log_request(
        "refused", method="PATCH", path=f"/Groups/{world.group.id}", group_id=world.group.id, request=remove, **held
    )


def remember_account(world: World) -> None:
    SignInIdentity.objects.live().filter(user=world.people[0]).update(object_id="1")


EVERYBODY = "4 people could no longer sign in: Ada, Bo, Cy and 1 other."
WITHOUT_TEAM = "since there would be no fallback team"
NONE = sending(level="none")


def give_finance(world: World) -> None:
    """Everybody is in Finance, and there is no fallback team."""
    map_group(world.group, "collaborator", (), [world.finance])


DANGEROUS: dict[str, Dangerous] = {
    f"{SCIM}/default-mapping/": Dangerous(at("default_mapping"), NONE, EVERYBODY),
    f"{SCIM}/groups/<group_id>/mapping/": Dangerous(of_group("group_mapping"), NONE, EVERYBODY),
    f"{SCIM}/groups/<group_id>/mapping/reset/": Dangerous(
        of_group("reset_mapping"),
        sending(),
        EVERYBODY,
        lambda world: (map_group(world.group, "administrator"), map_group(None, "none")),
    ),
    f"{SCIM}/fallback-team/": Dangerous(
        at("fallback_team"),
        sending(team=""),
        "people are left without any team, since there would be no fallback team: ",
        lambda world: choose_fallback_team(world.finance.id, actor=ADMIN),
    ),
    f"{SCIM}/last-group-policy/": Dangerous(
        at("last_group_policy"),
        sending(policy="revoke"),
        "1 person could no longer sign in: Eli.",
        lambda _: set_last_group_policy("fallback", actor=ADMIN),
    ),
    f"{SETTINGS}/teams/<team_id>/delete/": Dangerous(
        at("delete_team", lambda world: world.finance.id),
        sending(),
        "4 people are left without any team, since there would be no fallback team: Ada, Bo, Cy and 1 other.",
        give_finance,
    ),
    f"{SETTINGS}/as-code/": Dangerous(
        at("as_code"), sending(document=json.dumps({"default_mapping": {"level": "none"}})), EVERYBODY
    ),
    f"{SETTINGS}/undo/<entry_id>/": Dangerous(
        lambda _: reverse("web:undo", args=[latest("mapping.set")]),
        sending(),
        EVERYBODY,
        lambda world: (map_group(None, "none"), map_group(world.group, "administrator")),
    ),
    f"{SIGN_ON}/new/": Dangerous(
        at("new_connection"),
        lambda _: {"name": "Okta", "metadata_text": OTHER_METADATA.decode(), "domains": "x.example"},
        "4 people could no longer sign in until the next sync, and then only by Okta: Ada, Bo, Cy and 1 other.",
    ),
    f"{SIGN_ON}/<connection_id>/settings/": Dangerous(
        of_connection("connection_settings"),
        lambda world: {"name": "Entra", "metadata_url": "", "domains": "other.example", "pin": ""},
        "4 people could no longer sign in through Entra: Ada, Bo, Cy and 1 other.",
    ),
    f"{SIGN_ON}/<connection_id>/switch-on/": Dangerous(
        lambda _: reverse("web:switch_on_connection", args=[IdentityProvider.objects.get(name="Okta").pk]),
        sending(),
        "4 people could no longer sign in until the next sync, and then only by Okta: Ada, Bo, Cy and 1 other.",
        another_connection,
    ),
    f"{SIGN_ON}/<connection_id>/person-claim/": Dangerous(
        of_connection("person_claim"),
        sending(by="claim", claim="mail"),
        "4 people sign in through Entra: Ada, Bo, Cy and 1 other. Whom the claim mail does not name could no longer.",
    ),
    f"{SETTINGS}/deprovisioning-limits/approve/": Dangerous(
        at("approve_held_changes"), sending(), "2 people could lose access: Ada and Bo.", hold
    ),
    "/users/<user_id>/confirm-address/": Dangerous(
        at("confirm_address", lambda world: world.people[0].id),
        sending(),
        "1 person could no longer sign in: whoever was Ada so far.",
        remember_account,
    ),
}
# Its question is on the page from the start, and the yes to it is the connection's name.
BY_NAME = f"{SIGN_ON}/<connection_id>/delete/"


def test_every_form_is_known() -> None:
    forms = {address for address, row in table().items() if "POST" in row.methods and not address.startswith(ELSEWHERE)}

    assert forms == {*DANGEROUS, BY_NAME, *HARMLESS}


def state() -> Any:
    """All that the forms could change of access."""
    links = set(SignInIdentity.objects.live().values_list("user", "provider", "object_id"))
    providers = set(IdentityProvider.objects.live().values_list("name", "test_only"))
    claims = set(Connection.objects.live().values_list("pk", "person_claim"))
    return site_facts(), links, providers, claims, approved_until(timezone.now())


def sent(browser: Client, form: dict[str, Any]) -> dict[str, Any]:
    """As a browser with scripts sends it: a document only after its preview."""
    if "document" not in form:
        return form
    return {**form, "previewed": carried(browser.post(reverse("web:preview_document"), form), "document-form")}


@pytest.mark.parametrize("shown", DANGEROUS)
def test_it_asks_with_the_number_and_the_first_names_before_it_does_it(
    admin_client: Client, world: World, shown: str
) -> None:
    dangerous = DANGEROUS[shown]
    dangerous.prepare(world)
    address, form, before = dangerous.address(world), sent(admin_client, dangerous.form(world)), state()

    asked = admin_client.post(address, form)

    page = " ".join(re.sub(r"<[^>]*>", " ", text_of(asked)).split())
    assert asked.status_code == 422
    assert "Do you mean it?" in page
    assert dangerous.asks in page
    assert 'class="notice notice-danger" role="alert"' in text_of(asked)
    for wrong in ({}, {"confirmed": "yes"}, {"confirmed": "0" * 16}):
        assert admin_client.post(address, {**form, **wrong}).status_code == 422
    assert state() == before

    done = admin_client.post(address, {**form, "confirmed": confirmation(asked)})

    assert done.status_code == 302, text_of(done)
    assert state() != before


def test_the_end_of_a_connection_says_whom_it_shuts_out_and_wants_its_name(admin_client: Client, world: World) -> None:
    page = " ".join(re.sub(r"<[^>]*>", " ", text_of(admin_client.get(reverse("web:authentication")))).split())
    assert "Do you mean it? 4 people could no longer sign in through it" in page
    assert "They are: Ada, Bo, Cy and 1 other." in page
    before = state()

    assert admin_client.post(reverse("web:delete_connection", args=[world.connection.id])).status_code == 422
    assert state() == before


BECOME = "4 people become Global Administrator: Ada, Bo, Cy and 1 other."
TOP = sending(level="global_administrator")
PRIVILEGED: dict[str, Dangerous] = {
    "Default Mapping": Dangerous(at("default_mapping"), TOP, BECOME),
    "mapping": Dangerous(of_group("group_mapping"), TOP, BECOME),
    "reset": Dangerous(
        of_group("reset_mapping"),
        sending(),
        BECOME,
        lambda world: (map_group(world.group, "administrator"), map_group(None, "global_administrator")),
    ),
    "policy": Dangerous(
        at("last_group_policy"),
        sending(policy="fallback"),
        "1 person becomes Global Administrator: Eli.",
        lambda _: map_group(None, "global_administrator"),
    ),
    "document": Dangerous(
        at("as_code"), sending(document=json.dumps({"default_mapping": {"level": "global_administrator"}})), BECOME
    ),
    "undo": Dangerous(
        lambda _: reverse("web:undo", args=[latest("mapping.set")]),
        sending(),
        BECOME,
        lambda world: (map_group(world.group, "global_administrator"), map_group(world.group, "collaborator")),
    ),
}


@pytest.mark.parametrize("name", PRIVILEGED)
def test_whoever_becomes_global_administrator_is_asked_about(admin_client: Client, world: World, name: str) -> None:
    dangerous = PRIVILEGED[name]
    dangerous.prepare(world)
    address, form, before = dangerous.address(world), sent(admin_client, dangerous.form(world)), state()

    asked = admin_client.post(address, form)

    assert asked.status_code == 422
    assert dangerous.asks in text_of(asked)
    assert state() == before
    assert admin_client.post(address, {**form, "confirmed": confirmation(asked)}).status_code == 302
    assert state() != before
