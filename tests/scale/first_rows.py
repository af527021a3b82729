"""The first row of every kind, written by the services and the SCIM endpoint; the others are copies of these."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client, RequestFactory

from gatekeeper.directory.mappings.mappings import choose_fallback_team
from gatekeeper.directory.models import IdpGroup, Membership, SignIn, SignInIdentity, Team, User
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from saml.connections.lifecycle import create_connection
from saml.debugger.attempts import Outcome, record_attempt
from saml.models import Connection
from saml.sync.run import sync_saml_users
from scim.credentials.api_keys import generate_key
from tests.builders import ADMIN, make_administrator, make_team, map_group
from tests.idp_metadata import entra_metadata

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADMINISTRATOR = "root@example.com"


@dataclass(frozen=True, kw_only=True)
class FirstRows:
    """What was written; the rest (periods, entries, events) is found by these."""

    connection: Connection
    person: User  # with a work e-mail
    without_email: User
    everybody: IdpGroup
    group: IdpGroup
    deleted_group: IdpGroup
    team: Team
    membership: Membership
    ended: Membership
    identity: SignInIdentity
    session: SignIn


def profile(name: str, mail: str, given: str = "Given0", family: str = "Family0", **more: Any) -> dict[str, Any]:
    """What Entra sends to create somebody."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": f"entra-{name}",
        "userName": f"{name}@company.example" if mail else name,
        "active": True,
        "displayName": f"{given} {family}",
        "title": "Analyst",
        "preferredLanguage": "en-GB",
        "name": {"formatted": f"{given} {family}", "givenName": given, "familyName": family},
        "emails": [{"primary": True, "type": "work", "value": f"{mail}@company.example"}] if mail else [],
        "phoneNumbers": [{"type": "mobile", "value": "+44 7700 900123"}],
        ENTERPRISE: {"employeeNumber": name, "department": "Legal"},
        "roles": [],
        "meta": {"resourceType": "User"},
        **more,
    }


class Scim:
    """Entra's requests, with a key that is made for them."""

    def __init__(self) -> None:
        self.key = generate_key("Entra", actor=ADMIN, rotate=True)[1]
        self.host = urlsplit(settings.PUBLIC_URL).hostname or ""
        self.client = Client(raise_request_exception=False, SERVER_NAME=self.host)

    def send(self, method: str, path: str, body: Any, *, status: int) -> dict[str, Any]:
        answer = self.client.generic(
            method,
            f"/scim/v2{path}",
            json.dumps(body),
            content_type="application/scim+json",
            HTTP_AUTHORIZATION=f"Bearer {self.key}",
        )
        assert answer.status_code == status, (method, path, answer.status_code, answer.content[:500])
        return dict(answer.json()) if answer.content else {}

    def user(self, body: Any) -> User:
        return User.objects.get(pk=self.send("POST", "/Users", body, status=201)["id"])

    def group(self, name: str) -> IdpGroup:
        body = {"displayName": name, "externalId": f"entra-{name}", "members": []}
        return IdpGroup.objects.get(pk=self.send("POST", "/Groups", body, status=201)["id"])

    def patch(self, path: str, *operations: Any, status: int) -> None:
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        self.send("PATCH", path, {"schemas": schemas, "Operations": operations}, status=status)

    def members(self, group: IdpGroup, op: str, *users: User) -> None:
        self.patch(
            f"/Groups/{group.pk}",
            {"op": op, "path": "members", "value": [{"value": str(u.pk)} for u in users]},
            status=204,
        )


def first_rows() -> FirstRows:
    """Write them, in an empty site."""
    make_administrator(ADMINISTRATOR)
    connection = create_connection("Entra", document=entra_metadata(), actor=ADMIN)
    team = make_team("Team team0")
    choose_fallback_team(make_team("General").id, actor=ADMIN)
    scim = Scim()
    person = scim.user(profile("person0", "mail0"))
    without_email = scim.user(profile("nomail0", ""))
    everybody, group, deleted = scim.group("GK Everybody"), scim.group("GK group0"), scim.group("GK Deleted")
    sync_saml_users(actor=ADMIN)
    for op in ("add", "remove", "add"):
        scim.members(group, op, person)
    scim.patch(f"/Users/{person.pk}", {"op": "replace", "path": "title", "value": "Partner"}, status=200)
    scim.patch(f"/Users/{person.pk}", {"op": "replace", "path": "title", "value": "Analyst"}, status=200)
    scim.send("POST", "/Users", profile("person0", "mail0"), status=409)
    scim.patch(f"/Users/{person.pk}", {"op": "replace", "path": "active", "value": "maybe"}, status=400)
    map_group(group, "global_collaborator", ["reports"], [team])
    map_group(everybody, "employee_portal", [], [team])
    map_group(None, "collaborator")
    session = open_sign_in(person, actor=ADMIN)
    request = RequestFactory().post("/saml/acs")
    record_attempt(request, connection, Outcome(user_id=person.pk))
    record_attempt(request, connection, Outcome(check="unknown_person", user_id=person.pk, is_signed=True))
    person.refresh_from_db()
    memberships = Membership.objects.filter(user=person, group=group)
    return FirstRows(
        connection=connection,
        person=person,
        without_email=without_email,
        everybody=everybody,
        group=group,
        deleted_group=deleted,
        team=team,
        membership=memberships.get(until=None),
        ended=memberships.filter(until__isnull=False).latest("until"),
        identity=SignInIdentity.objects.get(user=person),
        session=session,
    )
