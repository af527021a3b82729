"""One SAML response, from the form field to an opened session. The story; each decision is somebody else's."""

from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.browser_session import open_browser_session
from gatekeeper.directory.sign_in import open_sign_in, person_who_signs_in
from gatekeeper.errors import SignInRefused
from saml import once, trust
from saml.addresses import addresses_of, own_path
from saml.allow_list import read_response
from saml.assertion import AssertedPerson
from saml.errors import Refused
from saml.expectation import Expectation
from saml.models import Connection, PendingRequest, SignInAttempt
from saml.outline import outline
from saml.request_facts import address_of, request_id_of, user_agent_of

log = structlog.get_logger(__name__)

# What the session keeps for a later LogoutRequest to the identity provider.
SESSION_FACTS = "saml"


class Unsolicited(Exception):
    """A response that answers nothing, at a connection that does not take such: sign-on has to begin here."""


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a person goes after they were signed in."""

    path: str


def sign_on(request: HttpRequest, connection: Connection, *, browser: str) -> Landing:
    """Judge the posted ``SAMLResponse`` and open a session for the person that it proves.

    Raises: Unsolicited; Refused when the message is not trusted; SignInRefused when the person may not come in.
    Each outcome is in the audit trail and among the connection's sign-in attempts.
    """
    document = b""
    try:
        document = trust.decode(request.POST["SAMLResponse"])
        pending = _pending(document, connection, browser)
        person = _believed(document, connection, pending)
    except Refused as refusal:
        note_refusal(request, connection, refusal.check, refusal.reason, statement=outline(document))
        raise
    try:
        if pending is not None and pending.purpose == "test":
            _try_out(connection, person)
        else:
            _open(request, connection, person)
    except SignInRefused as refusal:
        note_refusal(
            request,
            connection,
            refusal.code,
            str(refusal),
            name_id=person.name_id,
            user_id=refusal.user_id,
            statement=outline(document),
        )
        raise
    _note_attempt(request, connection, accepted=True, name_id=person.name_id, statement=outline(document))
    return Landing(_relay_path(request, pending))


def _pending(document: bytes, connection: Connection, browser: str) -> PendingRequest | None:
    """The sign-on that the response claims to answer; None when it is unsolicited and may be."""
    claimed = trust.request_answered(read_response(document))
    if claimed is not None:
        return once.pending_request(connection, claimed, browser=browser, purposes=("sign_on", "test"))
    if not connection.accept_idp_initiated:
        raise Unsolicited
    return None


def _believed(document: bytes, connection: Connection, pending: PendingRequest | None) -> AssertedPerson:
    """The person that the response proves, once: neither the sign-on nor the messages can be used again."""
    person = trust.believe(document, _expectation(connection, pending))
    if pending is not None:
        once.answer(pending)
    once.use(person.issuer, [person.assertion_id, person.response_id], expires=person.expires)
    return person


def _expectation(connection: Connection, pending: PendingRequest | None) -> Expectation:
    addresses = addresses_of(connection.id)
    return Expectation(
        idp_entity_id=connection.idp_entity_id,
        sp_entity_id=addresses.metadata,
        acs_url=addresses.acs,
        sso_url=connection.sso_url,
        certificates=connection.signing_certificates(),
        request_id=pending.request_id if pending else None,
        authenticated_since=pending.forced_at if pending else None,
        now=timezone.now(),
    )


def _open(request: HttpRequest, connection: Connection, person: AssertedPerson) -> None:
    user = person_who_signs_in(connection.id, person.name_id, person.object_id)
    sign_in = open_sign_in(
        user,
        provider_id=connection.id,
        name_id=person.name_id,
        session_index=person.session_index,
        authenticated_at=person.authenticated_at,
        address=address_of(request),
        user_agent=user_agent_of(request),
        actor=Actor.person(user, door="saml", request_id=request_id_of(request)),
    )
    open_browser_session(request, user, sign_in)
    request.session[SESSION_FACTS] = {"name_id_format": person.name_id_format}


def _try_out(connection: Connection, person: AssertedPerson) -> None:
    """Ask whether the person could come in, and leave no trace of having asked."""
    with transaction.atomic():
        person_who_signs_in(connection.id, person.name_id, person.object_id)
        transaction.set_rollback(True)


def _relay_path(request: HttpRequest, pending: PendingRequest | None) -> str:
    """The path remembered when sign-on began; for an unsolicited response the portal's RelayState, if it is ours."""
    return own_path(pending.relay_path if pending is not None else request.POST.get("RelayState"))


def note_refusal(
    request: HttpRequest,
    connection: Connection,
    code: str,
    reason: str,
    *,
    name_id: str = "",
    user_id: object = None,
    statement: dict[str, Any] | None = None,
) -> None:
    """Write a refusal down: audit trail, attempt, log. In a transaction of its own, after whatever was rolled back."""
    with transaction.atomic():
        record(
            Event.SIGN_IN_REFUSED,
            actor=Actor.identity_provider(connection.name, request_id=request_id_of(request)),
            kind="user" if user_id else "connection",
            object_id=user_id or connection.id,
            label=name_id or connection.name,
            after={"connection": connection.name, "check": code, "reason": reason, "address": address_of(request)},
        )
        refused = {"failed_check": code, "reason": reason[:1000]}
        _note_attempt(request, connection, accepted=False, name_id=name_id, statement=statement, **refused)
    log.warning("saml_sign_in_refused", connection=str(connection.id), check=code, reason=reason)


def _note_attempt(
    request: HttpRequest,
    connection: Connection,
    *,
    accepted: bool,
    name_id: str,
    statement: dict[str, Any] | None,
    **refused: str,
) -> None:
    SignInAttempt.objects.create(
        connection=connection,
        request_id=request_id_of(request),
        accepted=accepted,
        name_id=name_id,
        statement=statement or {},
        address=address_of(request),
        **refused,
    )
