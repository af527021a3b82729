"""Every address × method × role × freshness of the sign-in, against the table in docs/permissions.md.

An address that the table does not list fails, and so does a line of the table that is no address any more.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from gatekeeper.api.tokens import create_token
from gatekeeper.audit.models import AuditEntry, Outcome, ProvisioningEntry
from gatekeeper.audit.stream.streams import Wanted, create_stream
from gatekeeper.directory.models import SignIn, User
from gatekeeper.events.mail.recipients import Wish, add_recipient
from gatekeeper.events.webhooks.receivers import create_webhook
from gatekeeper.setup_links.lifecycle import create_link
from saml.connections.lifecycle import create_connection
from saml.models import SignInAttempt, SyncRun
from saml.sync.run import sync_saml_users
from scim.credentials.oauth_clients import create_client_with_secret
from scim.models import TokenRequest
from tests.builders import ADMIN, link, make_group, make_team, make_user, map_group
from tests.once import ONCE
from tests.scim.attributes.conftest import declared
from tests.transactions import rolled_back
from tests.web.addresses import Row, all_addresses, table

pytestmark = ONCE

ADDRESSES = {address.shown: address for address in all_addresses()}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROLES = ("nobody", "employee", "users", "history", "reports", "api", "configuration", "local")
THOROUGH = ("nobody", "employee", "configuration")  # methods that no page has are tried with these
QUERIES = {"/saml/<connection_id>/logout": "?SAMLRequest=x"}  # without a message there is no such page
SIGNED_IN = frozenset(ROLES) - {"nobody"}
CONFIGURES = frozenset({"configuration", "local"})
# The words of the table's third column, and who that is.
WHO = {
    "anybody": frozenset(ROLES),
    "signed in": SIGNED_IN,
    "a local account": frozenset({"local"}),
    "API": frozenset({"api"}),
    "Users": frozenset({"users"}) | CONFIGURES,
    "History": frozenset({"history"}) | CONFIGURES,
    "History or Reports": frozenset({"history", "reports"}) | CONFIGURES,
    "Users and Reports": CONFIGURES,  # of these roles none has both
    "Users, History or Reports": frozenset({"users", "history", "reports"}) | CONFIGURES,
    "Configuration": CONFIGURES,
    "a SCIM credential": frozenset[str](),
    "an identity provider": frozenset[str](),
    "a set-up link": frozenset[str](),
}
FRESH = {"–": frozenset[str](), "POST": frozenset({"POST"}), "GET, POST": frozenset({"GET", "POST"})}
GROUPS = {
    "employee": ("employee_portal",),
    "users": ("global_administrator", "users"),
    "history": ("collaborator", "history"),
    "reports": ("collaborator", "reports"),
    "api": ("collaborator", "api"),
    "configuration": ("global_administrator", "configuration"),
}


def test_every_address_is_in_the_table_and_the_table_has_no_other() -> None:
    assert sorted(table()) == sorted(ADDRESSES)


def test_the_words_of_the_table_are_known() -> None:
    for address, row in table().items():
        assert row.who in WHO, address
        assert row.fresh in FRESH, address
        assert row.methods <= {*METHODS, "any"}, address


World = dict[str, Any]


@pytest.fixture
def world(administrator: User, browser_of: Callable[[User], Client], metadata: bytes, settings: Any) -> World:
    """One of everything that an address names, and a browser for each role, whose sign-ins are of this moment."""
    connection = create_connection("Entra", document=metadata, actor=ADMIN)
    people = {role: make_user(f"{role}@example.com") for role in GROUPS}
    for role, (level, *permissions) in GROUPS.items():
        map_group(make_group(f"GK {role}", [people[role]]), level, permissions)
    link()
    group, team, target = make_group("GK Target", [people["employee"]]), make_team("Finance"), make_user("target@x.org")
    sync_saml_users(actor=ADMIN)
    attempt = SignInAttempt.objects.create(connection=connection, accepted=False)
    token, _ = create_token(people["api"], "script", actor=ADMIN)
    entry = ProvisioningEntry.objects.create(outcome=Outcome.CHANGED, method="POST", path="/Users", status=201)
    browsers = {role: browser_of(user) for role, user in people.items()}
    return {
        "browsers": {"nobody": Client(), "local": browser_of(administrator), **browsers},
        "group_id": group.id,
        "team_id": team.id,
        "user_id": target.id,
        "pk": target.id,
        "uuid": target.id,
        "path": "/Nothing",
        "form": "csv",
        "connection_id": connection.id,
        "sha256": "0" * 64,
        "sign_in_id": SignIn.objects.live().first().id,  # type: ignore[union-attr]
        "token_id": token.id,
        "passkey_id": 1,
        "token": "gkl_",
        "link_id": create_link("Ada", "both", actor=ADMIN)[0].pk,
        "part": "sign_on",
        "webhook_id": create_webhook("https://receiver.invalid/", ["user.linked"], actor=ADMIN)[0].pk,
        "stream_id": create_stream(Wanted(name="SIEM", url="https://siem.invalid/"), actor=ADMIN).pk,
        "recipient_id": add_recipient("ops@example.com", Wish(daily_digest=True), actor=ADMIN).pk,
        "credential_id": create_client_with_secret("Entra", actor=ADMIN)[0].pk,
        "attribute_id": declared("badge").pk,
        "attempt_id": attempt.id,
        "entry_id": AuditEntry.objects.filter(event="mapping.set").latest("id").id,
        "view_id": 1,
        "object_id of /users/<object_id>/": target.id,
        "object_id of /groups/<object_id>/": group.id,
        "object_id of /provisioning-log/<object_id>/": entry.id,
        "object_id of /audit-trail/<object_id>/": AuditEntry.objects.first().id,  # type: ignore[union-attr]
        "object_id of /sync-history/<object_id>/": SyncRun.objects.first().id,  # type: ignore[union-attr]
        "object_id of /sign-in-attempts/<object_id>/": attempt.id,
        "object_id of /token-log/<object_id>/": TokenRequest.objects.create(accepted=True).id,
    }


def outcome_of(browser: Client, method: str, address: str) -> str:
    """What became of a request, which leaves nothing behind."""
    browser.raise_request_exception = False
    cookies = browser.cookies.copy()
    with rolled_back():
        answer = browser.generic(method, address)
    browser.cookies = cookies
    onward = answer.headers.get("Location", "")
    if onward.startswith("/sign-in/?next="):
        return "sign in first"
    if onward.startswith("/sign-in/again/"):
        return "sign in again"
    if answer.status_code >= 500 and answer.status_code not in {501, 503}:  # no /Me; not ready without a beat
        return f"failed with {answer.status_code}"
    return {401: "sign in first", 403: "refused", 405: "no such method"}.get(answer.status_code, "opened")


def expected(row: Row, role: str, method: str, *, fresh: bool) -> set[str]:
    """What the table says. Where the method does not exist, any refusal will do."""
    refusal = {"sign in first"} if role == "nobody" else {"refused"}
    if row.who == "a SCIM credential":
        return {"sign in first"}
    if row.who == "an identity provider":
        return (
            {"sign in first", "opened"} if method in row.methods else {"no such method"}
        )  # "opened": a 400, for events
    if row.who == "a set-up link":
        return {"refused"} if method in row.methods else {"no such method", "refused"}
    if method not in row.methods:
        return {"no such method", "sign in again", *refusal}
    if role not in WHO[row.who]:
        return refusal
    if not fresh and method in FRESH[row.fresh]:
        return {"sign in again"}
    # A message that names nobody is refused whoever brings it.
    return {"opened", "refused"} if row.who == "anybody" else {"opened"}


@pytest.mark.parametrize("fresh", [True, False], ids=["fresh", "stale"])
def test_each_address_does_what_the_table_says(world: World, fresh: bool) -> None:
    later = timezone.now() + timedelta(seconds=1) if fresh else timezone.now() + timedelta(minutes=31)
    wrong, rows = [], table()
    with time_machine.travel(later, tick=False):
        for shown, row in rows.items():
            address = ADDRESSES[shown].example(world) + QUERIES.get(shown, "")
            for role in ROLES if fresh else ("employee", "api", "configuration"):
                for method in METHODS if fresh and role in THOROUGH else ("GET", "POST"):
                    got = outcome_of(world["browsers"][role], method, address)
                    wanted = expected(row, role, method, fresh=fresh)
                    if got not in wanted:
                        wrong.append(f"{method} {shown} as {role}: {got}, not {' or '.join(sorted(wanted))}")
    assert not wrong, "\n".join(wrong)
