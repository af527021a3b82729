"""Test data, made through the same services that pages, protocols and commands use."""

import hmac
import time
from collections.abc import Iterable
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.log import ProvisioningRecord, record_provisioning
from gatekeeper.audit.models import ProvisioningEntry
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.changes import GroupRecord, MappingRecord, MembersChange, UserRecord
from gatekeeper.directory.groups.idp_groups import create_group, edit_group
from gatekeeper.directory.identity_linking.identity_providers import add_identity_provider
from gatekeeper.directory.identity_linking.linking import LinkReport, link_users
from gatekeeper.directory.impact.preview import Preview, preview_between
from gatekeeper.directory.impact.proposals import ProposedChange
from gatekeeper.directory.levels import Level
from gatekeeper.directory.local_accounts.accounts import create_local_administrator
from gatekeeper.directory.local_accounts.second_factors import add_second_factor, new_secret
from gatekeeper.directory.mappings.mappings import set_mapping
from gatekeeper.directory.models import IdentityProvider, IdpGroup, MappingVersion, Team, User
from gatekeeper.directory.people.users import create_user
from gatekeeper.directory.permissions import Permission
from gatekeeper.directory.teams.teams import create_team

ENTRA = Actor.scim_key("test-key", "Entra")
ADMIN = Actor.command("tests")
PASSWORD = "correct horse battery staple"

_numbers = count(1)


def make_user(user_name: str | None = None, **fields: Any) -> User:
    """A provisioned person; the work e-mail is the userName unless given."""
    name = user_name or f"person{next(_numbers)}@example.com"
    return create_user(UserRecord(**{"user_name": name, "work_email": name, **fields}), actor=ENTRA)


def make_users(how_many: int) -> list[User]:
    return [make_user() for _ in range(how_many)]


def make_group(name: str | None = None, members: Iterable[User] = (), **fields: Any) -> IdpGroup:
    record = GroupRecord(display_name=name or f"GK Group {next(_numbers)}", **fields)
    return create_group(record, [user.id for user in members], actor=ENTRA)


def add_members(group: IdpGroup, *users: User) -> None:
    edit_group(group.id, None, MembersChange(add=frozenset(user.id for user in users)), actor=ENTRA)


def remove_members(group: IdpGroup, *users: User) -> None:
    edit_group(group.id, None, MembersChange(remove=frozenset(user.id for user in users)), actor=ENTRA)


def make_team(name: str | None = None) -> Team:
    return create_team(name or f"Team {next(_numbers)}", actor=ADMIN)


def map_group(
    group: IdpGroup | None, level: str = "collaborator", permissions: Iterable[str] = (), teams: Iterable[Team] = ()
) -> MappingVersion:
    """Set the mapping of a group (None: the Default Mapping), by slugs."""
    wanted = MappingRecord(
        level=Level.from_slug(level),
        permissions=frozenset(Permission.parse(name) for name in permissions),
        team_ids=frozenset[UUID](team.id for team in teams),
    )
    return set_mapping(group.id if group else None, wanted, actor=ADMIN, confirmed=True)


def preview_of(change: ProposedChange, *, by: User | None = None) -> Preview:
    """What a change would do now; ``by`` would make it, and is warned about their own access."""
    site = site_facts()
    return preview_between(site, change.applied_to(site), by=by)


def log_request(outcome: str = "changed", **fields: Any) -> ProvisioningEntry:
    """An entry of the provisioning log, as a SCIM request leaves it."""
    record_provisioning(
        ProvisioningRecord(
            **{
                "request_id": str(uuid4()),
                "method": "POST",
                "path": "/scim/v2/Users",
                "status": 201 if outcome == "changed" else 409,
                "outcome": outcome,
                "key_name": "Entra",
                **fields,
            }
        )
    )
    return ProvisioningEntry.objects.latest("id")


def make_provider(name: str = "Entra") -> IdentityProvider:
    """An identity provider without the protocol's details; enough for links and access."""
    return add_identity_provider(name, actor=ADMIN)


def link() -> LinkReport:
    """What the SAML user sync does for people."""
    return link_users(actor=Actor.scheduler("tests"), now=timezone.now())


def make_administrator(email: str = "root@example.com", password: str = PASSWORD) -> User:
    """A local (break-glass) administrator."""
    return create_local_administrator(email, password, actor=ADMIN)


def administrators_browser(browser: Client | None = None) -> Client:
    """A browser in which a new local administrator is signed in, by the page's own form."""
    make_administrator()
    browser = browser or Client()
    answer = browser.post("/sign-in/", {"email": "root@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def give_second_factor(user: User) -> bytes:
    """Set up an authenticator app for a local administrator; returns the secret that it keeps."""
    secret = new_secret()
    add_second_factor(user.id, secret, code_of(secret), actor=ADMIN)
    return secret


def code_of(secret: bytes, *, steps: int = 0) -> str:
    """What the app shows now, or would show ``steps`` half minutes later. RFC 6238, by the letter."""
    counter = int(time.time()) // 30 + steps
    mac = hmac.digest(secret, counter.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
