"""Universal Logout: who is signed out by which request, and everything that is refused and changes nothing.

The requests are those of draft-parecki-oauth-global-token-revocation, their subjects those of RFC 9493.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.identity_linking.domains import set_domains
from gatekeeper.directory.models import SignIn, SignInIdentity
from gatekeeper.directory.people.users import delete_user
from saml.connections.lifecycle import create_connection, describe
from saml.models import Connection, ReceivedEvent
from saml.security_events.received import MOST_UNAUTHENTICATED
from tests.builders import ADMIN, ENTRA, link, make_administrator, make_user
from tests.saml.forge import ENTITY_ID, metadata
from tests.saml.security_events.commands import (
    ABSENT,
    ISSUER,
    Commander,
    commanding,
    open_things,
    somebody_with_open_things,
    what_is_open,
)
from tests.signed_tokens.minting import jwk, key_set, private_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def idp(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Commander:
    """The identity provider of the connection. Its JWKS URL is answered here; the fetch has tests of its own."""
    return commanding(connection, monkeypatch)


@pytest.fixture
def ada(connection):
    return somebody_with_open_things(connection)


def bo():
    user = make_user("bo@contoso.com")
    link()
    open_things(user, sessions=1, tokens=1)
    return user


def email(address: str) -> dict[str, Any]:
    return {"sub_id": {"format": "email", "email": address}}


# ── Who is signed out ────────────────────────────────────────────────────────────────────────────────────────────


def issued(sub: str, iss: str = ISSUER) -> dict[str, Any]:
    return {"sub_id": {"format": "iss_sub", "iss": iss, "sub": sub}}


BODIES: dict[str, dict[str, Any]] = {
    "email": email("ada.obi@contoso.com"),
    "email in another case": email("Ada.OBI@Contoso.com"),
    "email as earlier drafts say it": {"subject": {"format": "email", "email": "ada.obi@contoso.com"}},
    "email beside something else": {**email("ada.obi@contoso.com"), "reason": "left the company"},
    "NameID that was linked": issued("ada.obi@contoso.com", ENTITY_ID),
    "NameID of a session": issued("ada@nameid", ENTITY_ID),
    "id of the directory": issued("00u1ada"),
    "immutable id": issued("object-1"),
    "persistent id": issued("persistent-1", ENTITY_ID),
}


@pytest.mark.parametrize("name", BODIES)
def test_every_session_and_token_of_that_person_ends_and_nobody_else_s(idp, ada, name):
    """RFC 9493 §3.2.2 (email), §3.2.3 (iss_sub) and §4.1 (sub_id)."""
    other = bo()
    SignInIdentity.objects.filter(user=ada).update(object_id="object-1", persistent_id="persistent-1")

    answer = idp.revoke(BODIES[name])

    assert (answer.status_code, answer.content) == (204, b"")
    assert what_is_open(ada) == (0, 0)
    assert what_is_open(other) == (1, 1)
    assert set(SignIn.objects.filter(user=ada).values_list("ended_because", flat=True)) == {"idp_command"}
    entry = AuditEntry.objects.get(event="idp_event.accepted")
    assert (entry.actor_kind, entry.actor_name, entry.object_id) == ("identity_provider", "Entra", str(ada.id))
    assert entry.after == {"event": "global-token-revocation", "sessions": 2, "api_tokens": 2}
    kept = ReceivedEvent.objects.get()
    assert (kept.accepted, kept.user, kept.sessions, kept.api_tokens) == (True, ada, 2, 2)
    assert "ada.obi" not in f"{kept.subject}{kept.reason}{kept.parameters}"


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": ABSENT}, {"typ": "GLOBAL-token-revocation+jwt"}])
def test_the_types_that_senders_use_are_taken(idp, ada, header):
    """RFC 7515 §4.1.9, RFC 8725 §3.11."""
    assert idp.revoke_email("ada.obi@contoso.com", bearer=idp.bearer(header)).status_code == 204


def test_nothing_open_is_as_good(idp, ada):
    idp.revoke_email("ada.obi@contoso.com")

    assert idp.revoke_email("ada.obi@contoso.com").status_code == 204


def test_a_deactivated_person_is_still_known(idp, ada):
    type(ada).objects.filter(pk=ada.pk).update(active=False)

    assert idp.revoke_email("ada.obi@contoso.com").status_code == 204


def test_whoever_signs_in_afterwards_stays_in(idp, ada):
    """RFC 7519 §4.1.7: a jti is used one time."""
    token = idp.bearer()
    idp.revoke_email("ada.obi@contoso.com", bearer=token)
    open_things(ada, sessions=1)

    assert idp.revoke_email("ada.obi@contoso.com", bearer=token).status_code == 401
    assert what_is_open(ada) == (1, 0)


def test_sessions_through_another_connection_end_too(idp, ada):
    other = create_connection("Other", document=metadata(entity_id="https://other.example/"), actor=ADMIN)
    open_things(ada, sessions=1, provider_id=other.id)

    idp.revoke_email("ada.obi@contoso.com")

    assert what_is_open(ada) == (0, 0)


def test_two_people_with_one_work_email_are_both_signed_out(idp, ada):
    double = make_user("ada.other@contoso.com", work_email="ada.obi@contoso.com")
    open_things(double, sessions=1)

    assert idp.revoke_email("ada.obi@contoso.com").status_code == 204
    assert what_is_open(double)[0] == what_is_open(ada)[0] == 0


# ── Whom it does not speak for, and what it does not understand ──────────────────────────────────────────────────


def local_administrator(idp: Commander) -> None:
    make_administrator("root@example.com")


def deleted(idp: Commander) -> None:
    delete_user(make_user("gone@contoso.com").id, actor=ENTRA)


def domain_of_another_connection(idp: Commander) -> None:
    other = create_connection("Other", document=metadata(entity_id="https://other.example/"), actor=ADMIN)
    set_domains(other.id, ["fabrikam.com"], actor=ADMIN)
    open_things(make_user("eve@fabrikam.com"), sessions=1)


def two_with_one_id(idp: Commander) -> None:
    make_user("first@contoso.com", external_id="same")
    make_user("same@contoso.com")
    SignInIdentity.objects.filter(user__user_name="same@contoso.com").update(object_id="same")
    link()
    SignInIdentity.objects.filter(user__user_name="same@contoso.com").update(object_id="same")


def nothing(idp: Commander) -> None:
    pass


WRONG: list[tuple[str, Any, int, Callable[[Commander], None]]] = [
    ("nobody has the address", email("nobody@contoso.com"), 404, nothing),
    ("a local administrator", email("root@example.com"), 404, local_administrator),
    ("a deleted person", email("gone@contoso.com"), 404, deleted),
    ("a subject of another issuer", issued("00u1ada", "https://evil.example"), 404, nothing),
    ("an unknown id", issued("00u1nobody"), 404, nothing),
    ("a domain of another connection", email("eve@fabrikam.com"), 403, domain_of_another_connection),
    ("nobody of a domain of another connection", email("no@fabrikam.com"), 403, domain_of_another_connection),
    ("an id of two people", issued("same"), 422, two_with_one_id),
    ("opaque", {"sub_id": {"format": "opaque", "id": "1"}}, 400, nothing),
    ("complex", {"sub_id": {"format": "complex", "user": email("ada.obi@contoso.com")["sub_id"]}}, 400, nothing),
    ("phone number", {"sub_id": {"format": "phone_number", "phone_number": "+12065550100"}}, 400, nothing),
    ("unknown format", {"sub_id": {"format": "telepathy", "id": "1"}}, 400, nothing),
    ("no format", {"sub_id": {"email": "ada.obi@contoso.com"}}, 400, nothing),
    ("format is a list", {"sub_id": {"format": ["email"], "email": "ada.obi@contoso.com"}}, 400, nothing),
    ("format in capitals", {"sub_id": {"format": "EMAIL", "email": "ada.obi@contoso.com"}}, 400, nothing),
    ("no value", {"sub_id": {"format": "email"}}, 400, nothing),
    ("empty value", email(""), 400, nothing),
    ("value is a list", {"sub_id": {"format": "email", "email": ["ada.obi@contoso.com"]}}, 400, nothing),
    ("value is null", {"sub_id": {"format": "email", "email": None}}, 400, nothing),
    ("value with a NUL", email("ada\0.obi@contoso.com"), 400, nothing),
    ("huge value", email("a" * 600 + "@contoso.com"), 400, nothing),
    ("half an iss_sub", {"sub_id": {"format": "iss_sub", "sub": "00u1ada"}}, 400, nothing),
    ("members of two formats", {"sub_id": {"format": "email", "email": "ada@contoso.com", "id": "1"}}, 400, nothing),
    ("two subjects", {**email("ada.obi@contoso.com"), "subject": email("bo@contoso.com")["sub_id"]}, 400, nothing),
    ("a list of subjects", {"sub_id": [email("ada.obi@contoso.com")["sub_id"]]}, 400, nothing),
    ("no subject", {}, 400, nothing),
    ("subject is text", {"sub_id": "ada.obi@contoso.com"}, 400, nothing),
    ("body is a list", [], 400, nothing),
    ("body is text", "ada.obi@contoso.com", 400, nothing),
    ("body is empty", "", 400, nothing),
    ("a name twice", '{"sub_id": {"format": "email", "email": "x@y", "email": "ada.obi@contoso.com"}}', 400, nothing),
    ("subject twice", f'{{"sub_id": 1, "sub_id": {json.dumps(email("ada.obi@contoso.com")["sub_id"])}}}', 400, nothing),
    ("nested for ever", '{"sub_id":' * 5000, 400, nothing),
    ("not UTF-8 text", '{"sub_id": "\\ud800"}', 400, nothing),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "status", "prepare"), WRONG, ids=[each[0] for each in WRONG])
def test_what_cannot_be_carried_out_has_its_status_and_no_effect(idp, ada, name, body, status, prepare):
    """draft-parecki-oauth-global-token-revocation; RFC 9493 §3 and §3.2; RFC 8259 §4 (names twice)."""
    other = bo()
    prepare(idp)
    open_now = SignIn.objects.open().count()

    answer = idp.revoke(body)

    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error_description"].startswith("Nothing was ended: ")
    assert (what_is_open(ada), what_is_open(other), SignIn.objects.open().count()) == ((2, 2), (1, 1), open_now)
    kept = ReceivedEvent.objects.get()
    assert (kept.accepted, kept.authentic, bool(kept.failed_check)) == (False, True, True)
    assert not AuditEntry.objects.filter(event="idp_event.accepted").exists()


def test_a_token_whose_command_was_refused_is_used_up(idp, ada):
    """RFC 7519 §4.1.7."""
    token = idp.bearer()
    assert idp.revoke_email("nobody@contoso.com", bearer=token).status_code == 404

    assert idp.revoke_email("ada.obi@contoso.com", bearer=token).status_code == 401
    assert what_is_open(ada) == (2, 2)


def test_a_replay_is_counted_and_not_written_down_one_by_one(idp, ada):
    """RFC 7519 §4.1.7."""
    token = idp.bearer()
    answers = [idp.revoke_email("ada.obi@contoso.com", bearer=token).status_code for _ in range(6)]

    assert answers == [204, 401, 401, 401, 401, 401]
    assert [(each.failed_check, each.count) for each in ReceivedEvent.objects.all()] == [("is_used_once", 5), ("", 1)]


# Without the guard the attack succeeds: so it is the guard that stops it.


def test_without_the_memory_of_used_tokens_a_replay_succeeds(idp, ada, monkeypatch):
    """RFC 7519 §4.1.7."""
    token = idp.bearer()
    idp.revoke_email("ada.obi@contoso.com", bearer=token)
    monkeypatch.setattr("saml.security_events.commands.use_once", lambda *_: None)

    assert idp.revoke_email("ada.obi@contoso.com", bearer=token).status_code == 204


def test_without_the_guard_of_domains_a_connection_speaks_for_another_one_s_people(idp, ada, monkeypatch):
    domain_of_another_connection(idp)
    assert idp.revoke_email("eve@fabrikam.com").status_code == 403
    monkeypatch.setattr("saml.security_events.subjects.may_name", lambda *_: True)

    assert idp.revoke_email("eve@fabrikam.com").status_code == 204


def test_a_command_whose_effect_failed_can_be_sent_again(idp, ada, monkeypatch):
    token = idp.bearer()
    idp.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("saml.security_events.commands.end_everything_of", lambda *_, **__: 1 / 0)
        assert idp.revoke_email("ada.obi@contoso.com", bearer=token).status_code == 500

    assert idp.revoke_email("ada.obi@contoso.com", bearer=token).status_code == 204


# ── Who is not the identity provider ─────────────────────────────────────────────────────────────────────────────

OTHER_KEY = private_key("RS256", 1)
UNAUTHENTICATED: dict[str, Callable[[Commander], str]] = {
    "no token": lambda idp: "",
    "no JWT": lambda idp: "f5641763544a7b24b08e4f74045",
    "another key": lambda idp: idp.bearer(key=OTHER_KEY),
    "another issuer": lambda idp: idp.bearer(iss="https://evil.example"),
    "the SAML entityID as issuer": lambda idp: idp.bearer(iss=ENTITY_ID),
    "another audience": lambda idp: idp.bearer(aud="https://other.example/global-token-revocation"),
    "the address for events": lambda idp: idp.bearer(aud=idp.addresses.security_events),
    "another connection": lambda idp: idp.bearer(aud=idp.addresses.global_token_revocation.replace("saml/", "saml/0")),
    "expired": lambda idp: idp.bearer(exp=int(timezone.now().timestamp()) - 1),
    "not yet": lambda idp: idp.bearer(nbf=int(timezone.now().timestamp()) + 600),
    "old": lambda idp: idp.bearer(iat=int(timezone.now().timestamp()) - 7200),
    "no jti": lambda idp: idp.bearer(jti=ABSENT),
    "no exp": lambda idp: idp.bearer(exp=ABSENT),
    "an event token": lambda idp: idp.bearer({"typ": "secevent+jwt"}),
    "an ID token": lambda idp: idp.bearer({"typ": "JWT"}, aud="0oaapp"),
    "its key in the header": lambda idp: idp.bearer({"jwk": jwk(OTHER_KEY, "k1")}, key=OTHER_KEY),
    "an address of its key": lambda idp: idp.bearer({"jku": "https://evil.example/keys"}, key=OTHER_KEY),
    "an unknown key": lambda idp: idp.bearer({"kid": "k2"}, key=OTHER_KEY),
    "huge": lambda idp: idp.bearer(note="x" * 20_000),
}


@pytest.mark.parametrize("name", UNAUTHENTICATED)
def test_an_unauthenticated_client_is_refused_counted_and_learns_nothing(idp, ada, name):
    """RFC 6750 §3 (challenge), RFC 7519 §4.1 (claims), RFC 7515 §4.1 (header), RFC 8725 §3."""
    answers = [
        idp.revoke_email(each, bearer=UNAUTHENTICATED[name](idp)) for each in ("ada.obi@contoso.com", "no@contoso.com")
    ]

    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].content == answers[1].content
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer ")
    assert what_is_open(ada) == (2, 2)
    kept = ReceivedEvent.objects.get()
    assert (kept.accepted, kept.authentic, kept.count) == (False, False, 2)
    assert not AuditEntry.objects.filter(actor_kind="identity_provider", event__startswith="idp_event").exists()


def test_the_body_is_read_only_of_the_identity_provider(idp, ada):
    assert idp.revoke("{" * 10, bearer="").status_code == 401
    assert idp.revoke("{" * 70_000, bearer="").status_code == 413
    assert idp.revoke("{" * 70_000).status_code == 413


def test_another_connection_s_identity_provider_is_unauthenticated_here(idp, ada, monkeypatch):
    other = Commander(create_connection("Other", document=metadata(entity_id="https://other.example/"), actor=ADMIN))
    other.set_up()

    assert idp.revoke_email("ada.obi@contoso.com", bearer=other.bearer()).status_code == 401


def test_beyond_a_limit_unauthenticated_clients_leave_no_trace_and_the_identity_provider_still_comes_through(idp, ada):
    """RFC 6585 §4: 429."""
    idp.revoke_email("ada.obi@contoso.com", bearer="junk")
    ReceivedEvent.objects.update(count=MOST_UNAUTHENTICATED)

    answer = idp.revoke_email("ada.obi@contoso.com", bearer="junk")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    assert ReceivedEvent.objects.get().count == MOST_UNAUTHENTICATED
    assert idp.revoke_email("ada.obi@contoso.com").status_code == 204


def test_a_connection_where_nothing_is_set_up_believes_nobody(connection, ada):
    idp = Commander(connection)

    assert idp.revoke_email("ada.obi@contoso.com").status_code == 401
    assert ReceivedEvent.objects.get().failed_check == "is_set_up"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jwt"])
def test_another_content_type_is_malformed(idp, ada, content_type):
    assert idp.revoke_email("ada.obi@contoso.com", content_type=content_type).status_code == 400
    assert what_is_open(ada) == (2, 2)


def test_a_charset_beside_the_content_type_is_fine(idp, ada):
    assert idp.revoke_email("ada.obi@contoso.com", content_type="application/json; charset=utf-8").status_code == 204


def test_an_address_that_is_none_and_a_method_that_is_none(idp):
    path = idp.addresses.global_token_revocation.partition("testserver")[2]
    assert Client().get(path).status_code == 405
    unknown = f"/saml/{idp.connection.id}".replace(str(idp.connection.id)[:8], "00000000")
    assert Client().post(f"{unknown}/global-token-revocation", "{}", content_type="application/json").status_code == 404


def test_no_cookie_and_no_csrf_token_are_wanted(idp, ada):
    idp.client = Client(enforce_csrf_checks=True)

    answer = idp.revoke_email("ada.obi@contoso.com")

    assert answer.status_code == 204
    assert not answer.cookies


def test_the_address_is_in_the_connection_s_object(idp):
    assert describe(idp.connection)["global_token_revocation_url"] == (
        f"http://testserver/saml/{idp.connection.id}/global-token-revocation"
    )


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_are_fetched_once_and_again_for_an_unknown_kid_once_a_minute(idp, ada, monkeypatch):
    """RFC 7517 §4.5 and §5."""
    for _ in range(3):
        assert idp.revoke_email("ada.obi@contoso.com").status_code == 204
    assert idp.asked == 1
    for _ in range(5):
        idp.revoke_email("ada.obi@contoso.com", bearer=idp.bearer({"kid": "k2"}, key=OTHER_KEY))
    assert idp.asked == 1
    from_now = timezone.now() + timedelta(seconds=61)
    idp.published = key_set(jwk(OTHER_KEY, "k2"))
    with time_machine.travel(from_now):
        assert (
            idp.revoke_email("ada.obi@contoso.com", bearer=idp.bearer({"kid": "k2"}, key=OTHER_KEY)).status_code == 204
        )
        assert idp.revoke_email("ada.obi@contoso.com").status_code == 401  # the old key was withdrawn
    assert idp.asked == 2
