"""Security events by push (RFC 8935, RFC 8417): what each of them ends, how they are answered, and what is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from gatekeeper.api.models import ApiToken
from gatekeeper.audit.models import AuditEntry
from saml.models import Connection, ReceivedEvent, SourceKind
from saml.security_events.reasons import event_reason
from saml.security_events.sources import make_secret, remove_secret, set_source
from tests.builders import ADMIN, link, make_administrator, make_user
from tests.saml.forge import ENTITY_ID
from tests.saml.security_events.commands import (
    ABSENT,
    CAEP,
    ISSUER,
    JWKS,
    STREAM,
    Commander,
    commanding,
    open_things,
    somebody_with_open_things,
    what_is_open,
)
from tests.signed_tokens.minting import private_key

pytestmark = pytest.mark.django_db
EMAIL = {"format": "email", "email": "ada.obi@contoso.com"}


@pytest.fixture
def idp(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Commander:
    return commanding(connection, monkeypatch)


@pytest.fixture
def ada(connection):
    return somebody_with_open_things(connection)


@pytest.fixture(autouse=True)
def bo(ada):
    user = make_user("bo@contoso.com")
    link()
    open_things(user, sessions=1, tokens=1)
    yield user
    assert what_is_open(user) == (1, 1)


# ── What ends ────────────────────────────────────────────────────────────────────────────────────────────────────

SUBJECTS: dict[str, Callable[[Any], Any]] = {
    "email": lambda ada: EMAIL,
    "iss_sub": lambda ada: {"format": "iss_sub", "iss": ISSUER, "sub": "00u1ada"},
    "iss_sub with the NameID": lambda ada: {"format": "iss_sub", "iss": ENTITY_ID, "sub": "ada@nameid"},
    "opaque: the id of SCIM": lambda ada: {"format": "opaque", "id": str(ada.id)},
    "opaque: the externalId": lambda ada: {"format": "opaque", "id": "00u1ada"},
    "assertion": lambda ada: {"format": "saml_assertion_id", "issuer": ENTITY_ID, "assertion_id": "_idx"},
    "complex": lambda ada: {"format": "complex", "user": EMAIL, "tenant": {"format": "opaque", "id": "t1"}},
    "complex without its format": lambda ada: {"user": EMAIL, "device": {"format": "opaque", "id": "d1"}},
    "complex with a session": lambda ada: {
        "format": "complex",
        "user": EMAIL,
        "session": {"format": "opaque", "id": "x"},
    },
    "a session": lambda ada: {"format": "complex", "session": {"format": "opaque", "id": "_idx"}},
}


@pytest.mark.parametrize("place", ["sub_id", "in the event", "in both"])
@pytest.mark.parametrize("name", SUBJECTS)
def test_a_revoked_session_ends_everything_of_whom_the_subject_names(idp, ada, name, place):
    """CAEP 1.0 (session-revoked), RFC 9493 §3.2 and §4.1 (sub_id), RFC 8935 §2.2 (202, empty)."""
    subject = SUBJECTS[name](ada)
    payload = {} if place == "sub_id" else {"subject": subject}
    more = {} if place == "in the event" else {"sub_id": subject}

    answer = idp.push_event("session-revoked", {**payload, "event_timestamp": 1}, **more)

    assert (answer.status_code, answer.content) == (202, b"")
    assert what_is_open(ada) == (0, 0)
    entry = AuditEntry.objects.get(event="idp_event.accepted")
    assert (entry.actor_kind, entry.actor_name) == ("identity_provider", "Entra")
    assert entry.after == {"event": "session-revoked", "sessions": 2, "api_tokens": 2}


@pytest.mark.parametrize(("change", "tokens"), [("create", 2), ("update", 2), ("revoke", 0), ("delete", 0)])
@pytest.mark.parametrize("credential", ["password", "fido2-roaming", "something-new"])
def test_a_changed_credential_ends_sessions_and_a_withdrawn_one_api_tokens_too(idp, ada, change, tokens, credential):
    """CAEP 1.0 (credential-change)."""
    payload = {"change_type": change, "credential_type": credential, "friendly_name": "Ada's key"}

    assert idp.push_event("credential-change", payload, sub_id=EMAIL).status_code == 202

    assert what_is_open(ada) == (0, tokens)


def test_two_events_in_one_token_end_what_either_ends(idp, ada):
    """RFC 8417 §2.2: events may have several members."""
    events = {f"{CAEP}credential-change": {"change_type": "update"}, f"{CAEP}session-revoked": {}}

    assert idp.push(idp.event_token(events, sub_id=EMAIL)).status_code == 202
    assert what_is_open(ada) == (0, 0)


def test_the_verification_event_is_answered_and_its_state_is_shown(idp, ada):
    """SSF 1.0 (verification), RFC 8935 §2.2."""
    events = {f"{STREAM}verification": {"state": "VGhpcyBpcyBhIHRlc3Q"}}

    answer = idp.push(idp.event_token(events, sub_id={"format": "opaque", "id": "stream-1"}))

    assert (answer.status_code, answer.content) == (202, b"")
    kept = ReceivedEvent.objects.get()
    assert (kept.accepted, kept.event) == (True, "verification")
    assert event_reason(kept) == "the stream works; state: VGhpcyBpcyBhIHRlc3Q"
    assert what_is_open(ada) == (2, 2)


@pytest.mark.parametrize(
    "name", [f"{STREAM}stream-updated", f"{CAEP}device-compliance-change", "https://x.example/new"]
)
def test_an_event_that_ends_nothing_is_taken(idp, ada, name):
    """RFC 8935 §2.2."""
    assert idp.push(idp.event_token({name: {"status": "paused"}}, sub_id=EMAIL)).status_code == 202
    assert what_is_open(ada) == (2, 2)


@pytest.mark.parametrize(
    "subject",
    [
        {"format": "email", "email": "nobody@contoso.com"},
        {"format": "email", "email": "root@example.com"},
        {"format": "iss_sub", "iss": "https://evil.example", "sub": "00u1ada"},
        {"format": "opaque", "id": "00000000-0000-4000-8000-000000000000"},
        {"format": "saml_assertion_id", "issuer": "https://evil.example", "assertion_id": "_idx"},
    ],
)
def test_a_subject_that_is_nobody_here_is_taken_and_ends_nothing(idp, ada, subject):
    """RFC 8935 §2.2, RFC 9493 §3.2."""
    make_administrator("root@example.com")

    assert idp.push_event("session-revoked", sub_id=subject).status_code == 202

    assert what_is_open(ada) == (2, 2)
    assert ReceivedEvent.objects.get().failed_check == "names_a_known_person"


def test_a_token_that_is_sent_again_is_answered_alike_and_does_nothing(idp, ada):
    """RFC 8935 §2, RFC 8417 §2.2 (jti)."""
    token = idp.event_token({f"{CAEP}session-revoked": {}}, sub_id=EMAIL)
    assert idp.push(token).status_code == 202
    open_things(ada, sessions=1)

    assert idp.push(token).status_code == 202  # RFC 8935 §2

    assert what_is_open(ada) == (1, 0)
    assert [each.failed_check for each in ReceivedEvent.objects.all()] == ["is_used_once", ""]


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────

OTHER_KEY = private_key("RS256", 1)
SET = {f"{CAEP}session-revoked": {}}
REFUSED: dict[str, tuple[Callable[[Commander], str], str]] = {
    "another key": (lambda idp: idp.event_token(SET, sub_id=EMAIL, key=OTHER_KEY), "authentication_failed"),
    "an unknown key": (lambda idp: idp.event_token(SET, {"kid": "k2"}, sub_id=EMAIL), "invalid_key"),
    "no kid": (lambda idp: idp.event_token(SET, {"kid": ABSENT}, sub_id=EMAIL), "invalid_key"),
    "its key in the header": (
        lambda idp: idp.event_token(SET, {"jku": "https://evil.example"}, sub_id=EMAIL),
        "invalid_key",
    ),
    "another issuer": (lambda idp: idp.event_token(SET, sub_id=EMAIL, iss="https://evil.example"), "invalid_issuer"),
    "another audience": (
        lambda idp: idp.event_token(SET, sub_id=EMAIL, aud="https://evil.example"),
        "invalid_audience",
    ),
    "no audience": (lambda idp: idp.event_token(SET, sub_id=EMAIL, aud=ABSENT), "invalid_audience"),
    "another type": (lambda idp: idp.event_token(SET, {"typ": "JWT"}, sub_id=EMAIL), "invalid_request"),
    "no type": (lambda idp: idp.event_token(SET, {"typ": ABSENT}, sub_id=EMAIL), "invalid_request"),
    "expired": (lambda idp: idp.event_token(SET, sub_id=EMAIL, exp=timezone.now().timestamp() - 1), "invalid_request"),
    "of last week": (
        lambda idp: idp.event_token(SET, sub_id=EMAIL, iat=timezone.now().timestamp() - 7 * 86400),
        "invalid_request",
    ),
    "no iat": (lambda idp: idp.event_token(SET, sub_id=EMAIL, iat=ABSENT), "invalid_request"),
    "no jti": (lambda idp: idp.event_token(SET, sub_id=EMAIL, jti=ABSENT), "invalid_request"),
    "a token for revocation": (lambda idp: idp.bearer(), "invalid_request"),
    "junk": (lambda idp: "junk", "invalid_request"),
    "nothing": (lambda idp: "", "invalid_request"),
    "no events": (lambda idp: idp.event_token({}, sub_id=EMAIL), "invalid_request"),
    "events is a list": (lambda idp: idp.event_token([*SET], sub_id=EMAIL), "invalid_request"),
    "an event is text": (
        lambda idp: idp.event_token({f"{CAEP}session-revoked": "now"}, sub_id=EMAIL),
        "invalid_request",
    ),
    "no subject": (lambda idp: idp.event_token(SET), "invalid_request"),
    "subject is null": (lambda idp: idp.event_token(SET, sub_id=None), "invalid_request"),
    "two subjects": (
        lambda idp: idp.event_token(
            {f"{CAEP}session-revoked": {"subject": {"format": "email", "email": "bo@contoso.com"}}}, sub_id=EMAIL
        ),
        "invalid_request",
    ),
    "two subjects in two events": (
        lambda idp: idp.event_token(
            {
                f"{CAEP}session-revoked": {"subject": EMAIL},
                f"{CAEP}credential-change": {
                    "change_type": "update",
                    "subject": {"format": "email", "email": "bo@contoso.com"},
                },
            }
        ),
        "invalid_request",
    ),
    "a subject of two formats": (lambda idp: idp.event_token(SET, sub_id={**EMAIL, "user": EMAIL}), "invalid_request"),
    "a sub beside it": (lambda idp: idp.event_token(SET, sub_id=EMAIL, sub="00u1bo"), "invalid_request"),
    "complex about nobody": (
        lambda idp: idp.event_token(SET, sub_id={"format": "complex", "tenant": EMAIL}),
        "invalid_request",
    ),
    "complex in complex": (
        lambda idp: idp.event_token(SET, sub_id={"format": "complex", "user": {"format": "complex", "user": EMAIL}}),
        "invalid_request",
    ),
    "phone number": (
        lambda idp: idp.event_token(SET, sub_id={"format": "phone_number", "phone_number": "+1"}),
        "invalid_request",
    ),
    "no change_type": (lambda idp: idp.event_token({f"{CAEP}credential-change": {}}, sub_id=EMAIL), "invalid_request"),
    "a new change_type": (
        lambda idp: idp.event_token({f"{CAEP}credential-change": {"change_type": "borrow"}}, sub_id=EMAIL),
        "invalid_request",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_so_in_the_words_of_the_protocol_and_has_no_effect(idp, ada, name):
    """RFC 8935 §2.3 and §2.4; RFC 8417 §2.2 (claims) and §2.3 (typ); RFC 9493 §3 and §4.1 (subjects)."""
    make, code = REFUSED[name]

    answer = idp.push(make(idp))

    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/json")
    assert answer.json().keys() == {"err", "description"}
    assert answer.json()["err"] == code
    assert what_is_open(ada) == (2, 2)
    assert ReceivedEvent.objects.get().accepted is False
    assert not AuditEntry.objects.filter(event="idp_event.accepted").exists()


@pytest.mark.parametrize(
    "content_type", ["application/jwt", "application/json", "text/plain", "application/octet-stream"]
)
def test_another_content_type_is_refused(idp, ada, content_type):
    """RFC 8935 §2.1: application/secevent+jwt."""
    answer = idp.push(idp.event_token(SET, sub_id=EMAIL), content_type=content_type)

    assert (answer.status_code, answer.json()["err"]) == (400, "invalid_request")
    assert what_is_open(ada) == (2, 2)


def test_a_huge_body_is_refused(idp):
    assert idp.push("x" * 70_000).status_code == 413


def test_a_connection_without_a_stream_believes_nobody(connection):
    """RFC 8935 §2.4: access_denied."""
    answer = Commander(connection).push_event("session-revoked", sub_id=EMAIL)

    assert (answer.status_code, answer.json()["err"]) == (400, "access_denied")


# ── The Authorization header, where it is wanted ─────────────────────────────────────────────────────────────────


def test_the_header_has_to_be_the_one_that_was_shown_once(idp, ada):
    """RFC 8935 §2.4: authentication_failed."""
    header = make_secret(idp.connection.id, actor=ADMIN)
    assert header.startswith("Bearer gke_")

    for wrong in ({}, {"authorization": "Bearer gke_0"}, {"authorization": header.removeprefix("Bearer ")}):
        answer = idp.push(idp.event_token(SET, sub_id=EMAIL), headers=wrong)
        assert (answer.status_code, answer.json()["err"]) == (400, "authentication_failed")
    assert what_is_open(ada) == (2, 2)
    assert idp.push(idp.event_token(SET, sub_id=EMAIL), headers={"authorization": header}).status_code == 202
    assert header.removeprefix("Bearer ") not in str(list(AuditEntry.objects.values_list("after", flat=True)))


def test_a_new_header_takes_the_place_of_the_old_one_and_none_is_wanted_once_it_is_removed(idp, ada):
    old, new = (make_secret(idp.connection.id, actor=ADMIN) for _ in range(2))
    assert idp.push(idp.event_token(SET, sub_id=EMAIL), headers={"authorization": old}).status_code == 400
    assert idp.push(idp.event_token(SET, sub_id=EMAIL), headers={"authorization": new}).status_code == 202

    remove_secret(idp.connection.id, actor=ADMIN)

    assert idp.push(idp.event_token(SET, sub_id=EMAIL)).status_code == 202


def test_an_audience_that_was_set_is_the_one_that_counts(idp, ada):
    """RFC 8417 §2.2 (aud), RFC 8935 §2.4: invalid_audience."""
    set_source(idp.connection.id, SourceKind.EVENTS, issuer=ISSUER, jwks_url=JWKS, audience="gatekeeper", actor=ADMIN)

    assert idp.push(idp.event_token(SET, sub_id=EMAIL)).json()["err"] == "invalid_audience"
    assert idp.push(idp.event_token(SET, sub_id=EMAIL, aud="gatekeeper")).status_code == 202
    assert not ApiToken.objects.active().filter(user=ada).exists()
