"""What is opened at scale: every address of the site that is read, with the queries that its links and forms make."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from gatekeeper.audit.events import Event
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.streams import Wanted, create_stream
from gatekeeper.directory.access.states import State
from gatekeeper.directory.models import IdpGroup, SignIn
from gatekeeper.directory.teams.teams import create_team
from gatekeeper.events.codes import WEBHOOK_EVENTS
from gatekeeper.events.mail.recipients import Wish, add_recipient
from gatekeeper.events.models import MailMessage, MailRecipient, Webhook, WebhookDelivery
from gatekeeper.events.webhooks.receivers import create_webhook
from gatekeeper.setup_links.lifecycle import create_link
from gatekeeper.setup_links.models import Part, Scope
from saml.models import Connection, SignInAttempt, SyncRun
from scim.models import CustomAttribute, OAuthClient, TokenRequest
from tests.builders import ADMIN
from tests.scale.company import IN_A_GROUP, id_of
from tests.scim.attributes.conftest import declared
from tests.web.addresses import all_addresses, table

# Their cost grows with the company: reports and previews over everybody.
TOUCHES_EVERYBODY = (
    "/who-had/csv/",
    "/settings/configuration/as-code/export/",
    "/export/csv/",  # of a log: up to fifty thousand entries
    "?wanted=",
    "/preview/",
    "/api/v1/who-had",
    "/api/v1/who-changed",
)


PROBES = ("/healthz", "/readyz", "/metrics")
OPENED_BY = {"a SCIM credential": "key", "a set-up link": "link"}


@dataclass(frozen=True, slots=True)
class Opening:
    """One request. ``by``: what authenticates it ("session", "key", "link" or "nothing").

    ``kind`` is the address as docs/permissions.md shows it, or what else it is; ``number`` its place among all.
    """

    address: str
    by: str = "session"
    kind: str = ""
    number: int = 0
    form: Mapping[str, Any] | None = field(default=None, hash=False)

    def __str__(self) -> str:
        return f"{'POST ' if self.form is not None else ''}{self.address}"

    @property
    def touches_everybody(self) -> bool:
        return any(mark in self.address for mark in TOUCHES_EVERYBODY)


def world(people: int) -> dict[str, Any]:
    """What stands in the place of each parameter of an address."""
    attempt, log_entry = SignInAttempt.objects.latest("id"), ProvisioningEntry.objects.latest("id")
    person, connection_id = id_of("person", 42), Connection.objects.latest("pk").pk
    link, token = create_link("Somebody", Scope.BOTH, actor=ADMIN)
    renewal, other_token = create_link("Somebody", Scope.CERTIFICATE, actor=ADMIN, connection_id=connection_id)
    _, unopened = create_link("Somebody", Scope.SAML, actor=ADMIN)
    return {
        "link_id": link.pk,
        "link_id of /set-up/<link_id>/certificate/": renewal.pk,
        "part": Part.PROVISIONING,
        "token": unopened,
        "tokens": (token, other_token),
        "group_id": IdpGroup.objects.get(display_name="GK Everybody").id,
        "small_group": id_of("group", 3),
        "team_id": id_of("team", 1),
        "user_id": person,
        "pk": person,
        "uuid": person,
        "path": "/Nothing",
        "form": "csv",
        "connection_id": connection_id,
        "sha256": "0" * 64,
        "sign_in_id": SignIn.objects.live().latest("since").id,
        "token_id": person,
        "passkey_id": 1,
        "credential_id": OAuthClient.objects.create(name="Entra").id,
        "attribute_id": _attribute_of_everybody(),
        "stream_id": _stream(),
        "webhook_id": _webhook_that_was_sent_much(),
        "recipient_id": _recipient_who_was_sent_much(),
        "attempt_id": attempt.id,
        "people": people,
        "entry_id": _entry_to_undo(),
        "object_id of /users/<object_id>/": person,
        "object_id of /groups/<object_id>/": id_of("group", 3),
        "object_id of /provisioning-log/<object_id>/": log_entry.id,
        "object_id of /audit-trail/<object_id>/": AuditEntry.objects.latest("id").id,
        "object_id of /sync-history/<object_id>/": SyncRun.objects.latest("started_at").id,
        "object_id of /sign-in-attempts/<object_id>/": attempt.id,
        "object_id of /token-log/<object_id>/": TokenRequest.objects.create(accepted=True).id,
    }


def _entry_to_undo() -> int:
    team = create_team("To be undone", actor=ADMIN)
    return int(AuditEntry.objects.get(event=Event.TEAM_CREATED, object_id=str(team.pk)).pk)


def _attribute_of_everybody() -> int:
    """A custom attribute of which everybody has a value."""
    found = CustomAttribute.objects.filter(name="badge").first()
    if found is None:
        found = declared("badge")
        people = "SELECT id, %s, 0, 'A1', 'a1', 'a1' FROM directory_user WHERE deleted_at IS NULL AND origin = 'scim'"
        into = "INSERT INTO scim_attributevalue (user_id, path, element, text, folded, prefix)"
        with connection.cursor() as cursor:
            cursor.execute(f"{into} {people}", [found.path])
            cursor.execute("ANALYZE scim_attributevalue")
    return int(found.pk)


def _stream() -> UUID:
    found = Stream.objects.first() or create_stream(Wanted(name="SIEM", url="https://siem.invalid/"), actor=ADMIN)
    return found.pk


def _webhook_that_was_sent_much() -> UUID:
    """As many deliveries as there are people, a few of which have failed."""
    found = Webhook.objects.first()
    if found is None:
        found = create_webhook("https://receiver.invalid/", WEBHOOK_EVENTS, actor=ADMIN)[0]
        columns = "webhook_id, message_id, state, created_at, due_at, attempts, problem, parameters"
        values = "%s, id, CASE WHEN id = %s THEN 'failed' ELSE 'delivered' END, %s, %s, 1, '', '{}'"
        some, now = id_of("person", 42), timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO events_webhookdelivery ({columns}) SELECT {values} FROM directory_user",
                [found.pk, some, now, now],
            )
            cursor.execute("ANALYZE events_webhookdelivery")
    return found.pk


def _recipient_who_was_sent_much() -> UUID:
    """As many messages as there are people."""
    found = MailRecipient.objects.first()
    if found is None:
        found = add_recipient("ops@example.com", Wish(daily_digest=True), actor=ADMIN)
        columns = "recipient_id, kind, message_id, state, facts, created_at, due_at, attempts, problem, parameters"
        values, now = "%s, 'digest', id, 'sent', '{}', %s, %s, 1, '', '{}'", timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO events_mailmessage ({columns}) SELECT {values} FROM directory_user", [found.pk, now, now]
            )
            cursor.execute("ANALYZE events_mailmessage")
    return found.pk


def openings(known: Mapping[str, Any]) -> Iterator[Opening]:
    """All of them, numbered."""
    return (replace(each, number=number) for number, each in enumerate(_openings(known)))


def _openings(known: Mapping[str, Any]) -> Iterator[Opening]:
    """All that is read. An address that is new is opened as it is; what it can be asked is added to ``queries``."""
    rows, asked = table(), queries(known)
    for address in all_addresses():
        row = rows[address.shown]
        if not row.methods & {"GET", "any"}:
            continue
        by = "nothing" if address.shown in PROBES else OPENED_BY.get(row.who, "session")
        for query in ("", *asked.pop(address.shown, ())):
            yield Opening(address.example(known) + query, by, address.shown)
    assert not asked, f"{sorted(asked)} are no addresses that are read."
    yield from _by_others(known)
    yield from _previews(known)
    yield from (Opening(f"/scim/v2/{path}", "key") for path in scim_lists(known))


def queries(known: Mapping[str, Any]) -> dict[str, list[str]]:
    """The queries of each address: filters, searches, and its first, last and deep pages."""
    people = known["people"]
    at = quote((timezone.now() - timedelta(days=2)).isoformat())
    searches = ["?q=Given42", "?q=person4242", "?q=nobody-at-all", "?q=e"]
    periods = ["?time=hour", "?time=day", "?time=month"]
    deep = {model: f"?after={_middle(model)}" for model in (ProvisioningEntry, AuditEntry, SignInAttempt)}
    states = [f"?readiness={state}" for state in State]
    run = SyncRun.objects.order_by("started_at")[people // 20].pk
    return {
        "/users/<user_id>/what-if/": [
            "?q=group",
            f"?add={known['group_id']}&take_out={known['small_group']}&q=e",
        ],
        "/users/": [
            *searches,
            *states,
            "?readiness=can_sign_in&q=Given42",
            *("?permission=reports", "?level=employee_portal", "?permission=reports&readiness=awaiting_saml_sync"),
            *("?group=group3", "?group=group1", "?level=employee_portal&group=group3"),
            "?origin=local",
            f"?team={known['team_id']}",
            f"?team={known['team_id']}&level=employee_portal&permission=reports",
            "?columns=user_name,level,groups,teams,department,last_sign_in,created",
            f"?after={id_of('person', people // 2)}",
            "?last=1",
            *(f"?order={order}" for order in ("-name", "email", "-email", "created", "-created")),
            *(f"?order={order}&after={id_of('person', people // 2)}" for order in ("email", "-created")),
            "?order=email&last=1",
            "?order=-created&permission=reports",
            "?order=email&readiness=can_sign_in",
        ],
        "/search/": ["?q=Given42", "?q=person"],
        "/search/options/": [
            *searches,
            "?q=Given42 Family42",
            "?q=group4",
            "?q=nn",
            "?q=mail42%40company.example",
            f"?q={id_of('person', 42)}",
        ],
        "/users/<user_id>/": [f"?at={at}", "?page=2"],
        "/who-had/": [
            f"?wanted={name}{moment}" for name in ("reports", "employee_portal") for moment in ("", f"&at={at}")
        ],
        "/who-had/csv/": ["?wanted=reports", f"?wanted=configuration&at={at}"],
        "/provisioning-log/": [
            *searches,
            *periods,
            deep[ProvisioningEntry],
            "?last=1",
            "?q=duplicate",
            "?outcome=refused",
            "?outcome=failed",
            f"{deep[ProvisioningEntry]}&outcome=changed",
            f"?user={id_of('person', 42)}",
            "?user=Given42",
            f"?group={id_of('group', 3)}",
            "?group=group3",
            "?outcome=refused&q=Given42&time=day",
        ],
        "/audit-trail/": [
            *searches,
            *periods,
            deep[AuditEntry],
            "?last=1",
            "?event=user.created",
            "?event=configuration.applied",
            "?actor=Entra",
            "?actor=nobody",
            "?event=user.created&q=Given42",
        ],
        "/settings/webhooks/<webhook_id>/": [
            "?state=failed",
            f"?before={_middle(WebhookDelivery)}",
            f"?state=failed&before={_middle(WebhookDelivery)}",
        ],
        "/settings/mail/<recipient_id>/": [f"?before={_middle(MailMessage)}"],
        "/sync-history/": [f"?after={run}", "?last=1", f"?since={at}"],
        "/sync-history/progress/": [f"?since={at}"],
        "/sign-in-attempts/": [
            *searches,
            *periods,
            deep[SignInAttempt],
            "?last=1",
            "?result=accepted",
            "?result=refused",
            "?result=begun",
            "?result=test",
        ],
        "/token-log/": ["?last=1", "?result=accepted", "?result=refused", "?q=nobody", *periods],
        "/settings/configuration/scim/": ["?q=group42", "?q=nothing", "?page=2", f"?page={people // 50 // 25}"],
        "/settings/configuration/scim/fallback-team/people/": ["?q=Given42", f"?after={id_of('person', 77)}"],
        "/groups/": [
            "?q=group42",
            "?q=nothing",
            "?last=1",
            "?level=employee_portal",
            "?permission=reports&mapping=own",
            f"?team={known['team_id']}",
            "?order=-changed",
            "?order=-name&last=1",
        ],
        "/groups/<group_id>/": [
            "?q=Given42",
            "?q=nobody-at-all",
            "?order=-created",
            "?columns=teams,department,last_sign_in,created",
            "?readiness=can_sign_in",
            "?permission=reports",
            "?last=1",
        ],
        "/settings/configuration/teams/<team_id>/people/": ["?q=Given42", "?order=email", "?last=1"],
        "/api/v1/users": [
            "?search=person42",
            "?search=nobody",
            f"?page={people // 100}",
            f"?offset={people - 100}",
            *states,
        ],
        "/api/v1/users/<pk>/access": [f"?at={at}"],
        "/api/v1/users/<pk>/explanation": [f"?at={at}"],
        "/api/v1/groups": ["?page=2", f"?offset={people // 100}"],
        "/api/v1/who-changed": [f"?permission=reports&from={at}"],
        "/api/v1/who-had": ["?permission=reports", f"?level=global_administrator&at={at}"],
    }


def _middle(model: type[Model]) -> int:
    """The id of an entry far from both ends of a log."""
    return int(model._default_manager.latest("id").pk) // 2


def _by_others(known: Mapping[str, Any]) -> Iterator[Opening]:
    """Pages that show another thing for another person or group."""
    people = known["people"]
    odd = [1, 2, 4, 100, *(people + number for number in range(1, 5))]
    for number in odd:
        yield Opening(f"/users/{id_of('person', number)}/", kind="/users/<user_id>/")
    for group in (known["small_group"], id_of("group", 2)):
        yield Opening(f"/groups/{group}/")
        yield Opening(f"/settings/configuration/scim/groups/{group}/mapping/")
    yield Opening(f"/scim/v2/Groups/{known['group_id']}?excludedAttributes=members", "key")
    yield Opening(f"/scim/v2/Groups/{known['small_group']}", "key")
    yield Opening("/sign-in/", "nothing")


def _previews(known: Mapping[str, Any]) -> Iterator[Opening]:
    """What forms ask before they are saved."""
    scim, mapping = "/settings/configuration/scim", {"level": "administrator", "permissions": ["reports"]}
    yield Opening(f"{scim}/default-mapping/preview/", form=mapping)
    yield Opening(f"{scim}/fallback-team/preview/", form={"team": str(known["team_id"])})
    yield Opening(f"{scim}/last-group-policy/preview/", form={"policy": "fallback"})
    for group in (known["group_id"], known["small_group"], id_of("group", 2)):
        yield Opening(f"{scim}/groups/{group}/mapping/preview/", form=mapping)
    for group in (known["group_id"], id_of("group", 2)):
        yield Opening(f"{scim}/groups/{group}/mapping/reset/preview/", form={})
    team = f"/settings/configuration/teams/{known['team_id']}"
    yield Opening(f"{team}/delete/preview/", form={})
    yield Opening(f"{team}/merge/preview/", form={"target": str(id_of("team", 2))})
    document = '{"default_mapping": {"level": "none"}}'
    yield Opening("/settings/configuration/as-code/preview/", form={"document": document})


def scim_lists(known: Mapping[str, Any]) -> Iterator[str]:
    """Every shape of a list that identity providers ask for, and some that nobody should."""
    people, person = known["people"], known["user_id"]
    recent = (timezone.now() - timedelta(days=1)).isoformat()
    filters = {
        "Users": [
            'userName eq "PERSON42@company.example"',
            'externalId eq "entra-person42"',
            'emails[type eq "work"].value eq "mail42@company.example"',
            'emails.value eq "mail42@company.example"',
            'emails[type eq "work" and value eq "mail42@company.example"]',
            f'id eq "{person}"',
            'displayName eq "Given42 Family42"',
            'userName eq "nobody@company.example"',
            'userName eq "person42@company.example" and active eq "true"',
            'userName eq "person42@company.example" or externalId eq "entra-person43"',
            'userName sw "person424"',
            'userName co "person4242"',
            'name.familyName eq "Family42"',
            f'meta.lastModified gt "{recent}"',
            f'groups eq "{known["small_group"]}"',
            'title eq "Analyst"',
            "active eq false",
            'not (title eq "Analyst")',
        ],
        "Groups": [
            'displayName eq "gk group42"',
            'externalId eq "entra-GK group0"',
            f'members.value eq "{person}"',
            f'members[value eq "{person}"]',
            f'id eq "{known["group_id"]}" and members eq "{person}"',
            'displayName sw "GK group4"',
            'displayName co "group42"',
            f'meta.lastModified gt "{recent}"',
        ],
    }
    for endpoint, expressions in filters.items():
        for expression in expressions:
            more = "&excludedAttributes=members" if endpoint == "Groups" else ""
            yield f"{endpoint}?{urlencode({'filter': expression})}{more}"
    yield from ("Users?count=0", "Groups?count=0", "Users?count=100", "Groups?count=100&excludedAttributes=members")
    for start in (people // 2, people, people * 2):
        yield f"Users?count=100&startIndex={start}"
    yield f"Groups?count=100&startIndex={people // 100}&excludedAttributes=members"
    yield f"Users?count=100&attributes=userName&startIndex={people // 2}"
    yield "Users?count=100&sortBy=userName"
    yield f"Users?count=100&sortBy=userName&startIndex={people // 2}"
    yield "Users?count=100&sortBy=name.familyName"
    yield "Users?cursor&count=100"
    yield f"Groups?attributes=displayName&count={IN_A_GROUP}"
