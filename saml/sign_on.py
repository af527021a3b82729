"""Sign-on with one SAML response, from the form field to an opened session (SAML profiles 4.1)."""

from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.identity_linking.sign_in import keep_statement, person_who_signs_in, require_trusted
from gatekeeper.directory.models import SessionEnd
from gatekeeper.directory.sessions.open_sessions import end_sign_in, open_sign_in
from gatekeeper.errors import SignInRefused
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.sessions.browser_session import open_browser_session
from gatekeeper.sessions.request_details import address_of, request_id_of, user_agent_of
from saml.addresses import addresses_of, local_path
from saml.connections.claims import statement_for
from saml.connections.key_pairs import decryption_keys
from saml.debugger.attempts import Outcome, record_attempt
from saml.debugger.message_summary import stated_in_response_to
from saml.errors import MessageRefused
from saml.messages import replay_protection
from saml.messages.bindings import decode_post
from saml.models import Connection, PendingRequest, SignInAttempt
from saml.refusals.causes import Cause
from saml.refusals.reasons import Reason
from saml.validation import response
from saml.validation.allow_list import RESPONSE_LIMIT, read_response
from saml.validation.assertion import AssertedPerson
from saml.validation.decryption import ClearResponse, decrypt_assertion
from saml.validation.expectation import Expectation

# What the session keeps for a later LogoutRequest to the identity provider.
SESSION_FACTS = "saml"


class Unsolicited(Exception):
    """A response that answers nothing, at a connection that does not take such: sign-on has to begin here."""

    def __init__(self, document: bytes) -> None:
        super().__init__()
        self.document = document


class TestRefused(Exception):
    """An answer to a test that is over, or that another browser began; ``attempt_id`` is where it was written down."""

    def __init__(self, attempt_id: int) -> None:
        super().__init__()
        self.attempt_id = attempt_id


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a person goes after they were signed in, or an administrator after a test."""

    path: str


@dataclass(slots=True)
class _Posted:
    """One posted response and how far it has come.

    ``test`` is the administrator's test that it is the answer of; ``is_test`` also when that one is not pending here.
    """

    request: HttpRequest
    connection: Connection
    browser: str
    test: PendingRequest | None = None
    is_test: bool = False
    outcome: Outcome = field(default_factory=Outcome)

    def judge(self) -> PendingRequest | None:
        """Believe the message, then let the person in or, for a test, ask whether they could come in.

        Returns: the sign-on that was answered, if any. Raises: Unsolicited, MessageRefused, SignInRefused.
        """
        self._learn(document=self._document())
        expected = expectation_of(self.connection)
        received = read_response(self.outcome.document, response.required_signing(expected.accepts_signed_response))
        pending = self._pending(received)
        if pending is not None:
            expected = replace(expected, request_id=pending.request_id, authenticated_since=pending.forced_at)
        clear = decrypt_assertion(self.outcome.document, received, expected)
        self._learn(document=clear.document)
        person = _believed(clear, expected, pending)
        self._learn(person=person)
        come_in = _try_out if self.is_test else _open
        self._learn(user_id=come_in(self.request, self.connection, person, pending))
        return pending

    def _document(self) -> bytes:
        """Also finds out whether this is about a test, whatever may be wrong with the message."""
        self.test = replay_protection.find_pending_test(self.connection, browser=self.browser)
        self.is_test = self.test is not None
        value = self.request.POST["SAMLResponse"]
        self._learn(document=value[:RESPONSE_LIMIT].encode())  # What can be said of a value that cannot be decoded.
        document = decode_post(value)
        claimed = stated_in_response_to(document)
        if claimed is not None:
            self.test = replay_protection.find_pending_test(self.connection, browser=self.browser, request_id=claimed)
            self.is_test = self.test is not None or replay_protection.is_test_request(claimed)
        return document

    def _pending(self, received: etree._Element) -> PendingRequest | None:
        """The sign-on that the response claims to answer; None when it is unsolicited and may be."""
        claimed = response.claimed_request_id(received)
        if claimed is not None:
            return replay_protection.find_pending_request(
                self.connection, claimed, browser=self.browser, purposes=("sign_on", "test")
            )
        if self.connection.accept_idp_initiated:
            return None
        if self.test is not None:
            raise MessageRefused("unsolicited", Reason.NO_IN_RESPONSE_TO)
        raise Unsolicited(self.outcome.document)

    def _learn(self, **facts: object) -> None:
        self.outcome = replace(self.outcome, **facts)  # type: ignore[arg-type]

    def _size_as_cause(self, check: str) -> str:
        """What cannot be read for its size says so; too long a value is not even decoded."""
        unread = check in {"encoding", "xml"} and len(self.outcome.document) >= RESPONSE_LIMIT
        return Cause.TOO_LARGE if unread else ""

    def note(self, **facts: object) -> SignInAttempt | None:
        """Write down what came of it."""
        self._learn(is_test=self.is_test, **facts)
        return record_attempt(self.request, self.connection, self.outcome)

    def note_refusal(self, refusal: MessageRefused | SignInRefused) -> SignInAttempt | None:
        """The same for what was refused."""
        self._learn(is_signed=self.outcome.person is not None)
        if isinstance(refusal, MessageRefused):
            is_signed = refusal.is_signed or self.outcome.is_signed
            refusal.cause = refusal.cause or self._size_as_cause(refusal.check)
            return self.note(
                check=refusal.check,
                reason=refusal.reason,
                parameters=refusal.parameters,
                cause=refusal.cause,
                is_signed=is_signed,
            )
        return self.note(check=refusal.code, user_id=refusal.user_id)


def sign_on(request: HttpRequest, connection: Connection, *, browser: str) -> Landing:
    """Judge the posted ``SAMLResponse`` and open a session for the person that it proves.

    A test opens nothing, and lands on the page of the attempt whatever came of it, or where it was begun for.
    Raises: Unsolicited; MessageRefused when the message is not trusted; SignInRefused when the person may not come in;
    TestRefused for an answer to a test that is not pending in this browser (any more).
    Each outcome is in the audit trail and among the connection's sign-in attempts.
    """
    posted = _Posted(request, connection, browser)
    try:
        answered = posted.judge()
    except (MessageRefused, SignInRefused) as refusal:
        attempt = posted.note_refusal(refusal)
        if not posted.is_test or attempt is None:
            raise
        if posted.test is None:
            raise TestRefused(attempt.pk) from refusal
    else:
        attempt = posted.note()
        if posted.test is None or attempt is None:
            return Landing(_relay_path(request, answered))
    replay_protection.end_test(posted.test)
    if posted.test.relay_path != "/":  # whoever began it may not open the page of the attempt
        return Landing(local_path(posted.test.relay_path))
    return Landing(reverse("admin:saml_signinattempt_change", args=(attempt.pk,)))


def _believed(clear: ClearResponse, expected: Expectation, pending: PendingRequest | None) -> AssertedPerson:
    """The person that the response proves, once: neither the sign-on nor the messages can be used again."""
    person = response.validate_response(clear.document, expected, received=clear.received, signed_by=clear.signed_by)
    if pending is not None:
        replay_protection.take_request(pending)
    replay_protection.mark_used(person.issuer, [person.assertion_id, person.response_id], expires=person.expires)
    return person


def expectation_of(connection: Connection) -> Expectation:
    """What the connection expects of an unsolicited response; a pending request adds its own facts."""
    addresses = addresses_of(connection.id)
    return Expectation(
        idp_entity_id=connection.idp_entity_id,
        sp_entity_id=addresses.metadata,
        acs_url=addresses.acs,
        sso_url=connection.sso_url,
        certificates=connection.signing_certificates(),
        request_id=None,
        accepts_signed_response=connection.accept_signed_response,
        keys=lambda: decryption_keys(connection),
        person_claim=connection.person_claim,
        now=timezone.now(),
    )


def _open(
    request: HttpRequest, connection: Connection, person: AssertedPerson, answered: PendingRequest | None
) -> UUID:
    require_trusted(connection.id)
    user = person_who_signs_in(connection.id, person.sign_in_name, person.object_id, persistent_id=person.persistent_id)
    actor = Actor.person(user, channel="saml", request_id=request_id_of(request))
    keep_statement(user, connection.id, statement_for(user, connection, person.attributes), actor=actor)
    sign_in = open_sign_in(
        user,
        provider_id=connection.id,
        name_id=person.name_id,
        session_index=person.session_index,
        authenticated_at=person.authenticated_at,
        session_not_on_or_after=person.session_not_on_or_after,
        address=address_of(request),
        user_agent=user_agent_of(request),
        actor=actor,
    )
    if answered is not None and answered.replaces is not None:
        # This browser's own; its cookie does not come with a post from another site.
        end_sign_in(answered.replaces, actor=actor, because=SessionEnd.REPLACED)
    open_browser_session(request, user, sign_in)
    request.session[SESSION_FACTS] = {"name_id_format": person.name_id_format}
    return user.id


def _try_out(
    request: HttpRequest,  # noqa: ARG001 - as _open
    connection: Connection,
    person: AssertedPerson,
    answered: PendingRequest | None,  # noqa: ARG001
) -> UUID:
    """Ask whether the person could come in, and leave no trace of having asked."""
    with one_transaction():
        user = person_who_signs_in(
            connection.id, person.sign_in_name, person.object_id, persistent_id=person.persistent_id
        )
        transaction.set_rollback(True)
    return user.id


def _relay_path(request: HttpRequest, pending: PendingRequest | None) -> str:
    """The path remembered when sign-on began; for an unsolicited response the portal's RelayState, if it is ours."""
    return local_path(pending.relay_path if pending is not None else request.POST.get("RelayState"))
