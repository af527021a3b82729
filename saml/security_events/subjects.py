"""Whom a command is about: subject identifiers (RFC 9493, and SSF 1.0 §3 for those of SAML) become people.

A connection speaks for the people whom it may sign in, and for nobody else; local administrators are never among them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.identity_linking.home_realm_discovery import may_name
from gatekeeper.directory.models import SignIn, SignInIdentity, User
from saml.models import Connection
from saml.security_events.reasons import CommandReason
from saml.security_events.refusals import AmbiguousSubject, ForeignSubject, UnknownSubject, UnreadableCommand

_MEMBERS: dict[str, tuple[str, ...]] = {
    "email": ("email",),
    "iss_sub": ("iss", "sub"),
    "opaque": ("id",),
    "saml_assertion_id": ("issuer", "assertion_id"),
}
OF_REVOCATIONS = frozenset({"email", "iss_sub"})
OF_EVENTS = frozenset(_MEMBERS)
_LONGEST = 512  # characters of one value


@dataclass(frozen=True, slots=True)
class Subject:
    """A simple subject identifier; ``values`` in the order of ``_MEMBERS``."""

    format: str
    values: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The value that identifies the person."""
        return self.values[-1]


def read_subject(stated: Any, formats: frozenset[str]) -> Subject:
    """Raises: UnreadableCommand for what is malformed or of another format; "complex" ones are for ``read_complex``."""
    if not isinstance(stated, dict):
        raise UnreadableCommand(CommandReason.SUBJECT_NOT_AN_OBJECT)
    kind = stated.get("format")
    if not isinstance(kind, str) or kind not in formats:
        raise UnreadableCommand(CommandReason.SUBJECT_FORMAT, formats=", ".join(sorted(formats)))
    members = _MEMBERS[kind]
    if stated.keys() != {"format", *members}:
        raise UnreadableCommand(CommandReason.SUBJECT_MEMBERS, kind=kind, members=", ".join(members))
    values = tuple(stated[name] for name in members)
    if not all(isinstance(value, str) and 0 < len(value) <= _LONGEST and "\0" not in value for value in values):
        raise UnreadableCommand(CommandReason.SUBJECT_VALUE)
    return Subject(kind, values)


def read_complex(stated: Any) -> Subject:
    """The same, and of a complex subject (SSF 1.0 §3.3) the user, or else the session: whose user is meant then."""
    if not isinstance(stated, dict) or not ({"user", "session"} & stated.keys() or stated.get("format") == "complex"):
        return read_subject(stated, OF_EVENTS)
    if stated.get("format", "complex") != "complex":
        raise UnreadableCommand(CommandReason.SUBJECT_OF_TWO_FORMATS)
    if "user" in stated:
        return read_subject(stated["user"], OF_EVENTS)
    if "session" not in stated:
        raise UnreadableCommand(CommandReason.COMPLEX_WITHOUT_USER)
    session = read_subject(stated["session"], frozenset({"opaque", "saml_assertion_id"}))
    return Subject("session", session.values)


def find_people(connection: Connection, subject: Subject, issuer: str) -> list[User]:
    """Whom a subject identifier names here; several only when they share a work e-mail. ``issuer``: of the token.

    Raises: ForeignSubject, UnknownSubject, AmbiguousSubject.
    """
    if subject.format == "iss_sub" and subject.values[0] not in {connection.idp_entity_id, issuer}:
        raise UnknownSubject
    if subject.format == "saml_assertion_id" and subject.values[0] != connection.idp_entity_id:
        raise UnknownSubject
    if subject.format == "email" and not may_name(connection.id, subject.shown):
        raise ForeignSubject
    found = _FINDERS[subject.format](connection, subject.shown)
    if not found:
        raise UnknownSubject
    if len(found) > 1 and subject.format != "email":
        raise AmbiguousSubject
    return found


def _by_email(connection: Connection, email: str) -> list[User]:
    """By the work e-mail, and only where nobody has that one by userName."""
    people = User.objects.provisioned()
    found = list(people.filter(work_email_folded=fold(email))) or list(people.filter(user_name_folded=fold(email)))
    return _spoken_for(connection, found)


def _by_id_at_the_provider(connection: Connection, sub: str) -> list[User]:
    """The NameID, the immutable id of sign-ins, or the externalId that provisioning sent (Okta's is its user id)."""
    links = SignInIdentity.objects.live().filter(provider=connection.id)
    named = links.filter(Q(name_id_folded=fold(sub)) | Q(object_id=sub) | Q(persistent_id=sub))
    people = User.objects.provisioned()
    signed_in = _sessions(connection).filter(name_id=sub)
    by_link = people.filter(Q(pk__in=named.values("user")) | Q(pk__in=signed_in.values("user")))
    return _together(by_link, _by_external_id(connection, sub))


def _by_opaque_id(connection: Connection, text: str) -> list[User]:
    """The id that SCIM answers with, or the externalId."""
    try:
        mine = User.objects.provisioned().filter(pk=UUID(text))
    except ValueError:
        mine = User.objects.none()
    return _spoken_for(connection, list(mine)) or _by_external_id(connection, text)


def _by_session(connection: Connection, index: str) -> list[User]:
    """The SessionIndex; Entra's is the id of the assertion."""
    theirs = _sessions(connection).filter(session_index=index)
    return list(User.objects.provisioned().filter(pk__in=theirs.values("user")))


def _by_external_id(connection: Connection, external_id: str) -> list[User]:
    return _spoken_for(connection, list(User.objects.provisioned().filter(external_id=external_id)))


def _sessions(connection: Connection) -> QuerySet[SignIn]:
    return SignIn.objects.live().filter(provider=connection.id)


def _together(some: QuerySet[User], others: list[User]) -> list[User]:
    return list({user.pk: user for user in [*some, *others]}.values())


def _spoken_for(connection: Connection, people: list[User]) -> list[User]:
    return [user for user in people if may_name(connection.id, user.work_email or user.user_name)]


_FINDERS: dict[str, Callable[[Connection, str], list[User]]] = {
    "email": _by_email,
    "iss_sub": _by_id_at_the_provider,
    "opaque": _by_opaque_id,
    "saml_assertion_id": _by_session,
    "session": _by_session,
}
