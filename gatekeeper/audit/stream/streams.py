"""What may be done to a SIEM stream: create, change, pause, resume, test, replay, delete."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.boundary import Boundary, boundary
from gatekeeper.audit.chain.keys import all_keys
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.models import AuditEntry, AuditHead
from gatekeeper.audit.stream.delivery import SECRET_UNREADABLE, authorization_of
from gatekeeper.audit.stream.models import AUTHORIZATION_PURPOSE, LONGEST_NAME, Stream
from gatekeeper.audit.stream.sending import SYSLOG_PORTS, Outcome, Receiver
from gatekeeper.audit.stream.sending import send_test as send_a_test
from gatekeeper.errors import DomainError, InvalidValue, NameTaken, NotFound
from gatekeeper.outbound.problems import fetch_problem_text
from gatekeeper.outbound.public_addresses import LONGEST_URL, is_fetchable_host, is_usable_address, site_is_local
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.secrets.sealing import seal

MOST_STREAMS: Final = 5  # each is sent the whole trail
_LONGEST_AUTHORIZATION, _LONGEST_PEM = 4000, 100_000
_PLAIN: Final = ("name", "url", "ca_certificates")  # of both a stream and what somebody wants of it

log = structlog.get_logger(__name__)


class StreamNotFound(NotFound):
    code = "stream_not_found"
    sentence = _("There is no SIEM stream %(stream)s.")

    def __init__(self, stream: object) -> None:
        super().__init__(stream=stream)


class StreamNameTaken(NameTaken):
    code = "stream_name_taken"
    sentence = _("Another SIEM stream is already called %(name)s.")

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class TooManyStreams(DomainError):
    code = "too_many_streams"
    sentence = _("There are %(most)s SIEM streams already, which is the most; delete one first.")

    def __init__(self) -> None:
        super().__init__(most=MOST_STREAMS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A stream as somebody wants it. ``authorization``: the value of the header; "" for none, None leaves what is."""

    name: str
    url: str
    ca_certificates: str = ""
    authorization: str | None = None


def stream_of(stream_id: UUID) -> Stream:
    """Raises: StreamNotFound."""
    stream = Stream.objects.filter(pk=stream_id).first()
    if stream is None:
        raise StreamNotFound(stream_id)
    return stream


@one_transaction()
def create_stream(wanted: Wanted, *, from_beginning: bool = False, actor: Actor) -> Stream:
    """Make a stream, which is sent every entry that the table has, or every one that is linked from now on.

    Raises: InvalidValue; StreamNameTaken; TooManyStreams.
    """
    wanted = _checked(wanted)
    if Stream.objects.filter(name=wanted.name).exists():
        raise StreamNameTaken(wanted.name)
    if Stream.objects.count() >= MOST_STREAMS:
        raise TooManyStreams
    start = boundary(all_keys()) if from_beginning else _newest_link()
    stream = Stream.objects.create(
        name=wanted.name,
        url=wanted.url,
        ca_certificates=wanted.ca_certificates,
        sealed_authorization=_sealed(wanted.authorization or ""),
        position=start.position,
        digest=start.digest,
    )
    _record(Event.STREAM_CREATED, stream, actor, after={"from": start.position + 1})
    return stream


@one_transaction()
def change_stream(stream_id: UUID, wanted: Wanted, *, actor: Actor) -> bool:
    """Send to another address, or with another header; the cursor stays. False when it was so already.

    A header that was given for one host is never sent to another: it is dropped unless it is given anew.
    Raises: StreamNotFound; InvalidValue; StreamNameTaken.
    """
    stream, wanted = _locked(stream_id), _checked(wanted)
    if Stream.objects.filter(name=wanted.name).exclude(pk=stream_id).exists():
        raise StreamNameTaken(wanted.name)
    changed = [name for name in _PLAIN if getattr(stream, name) != getattr(wanted, name)]
    has_header, moved = bool(stream.sealed_authorization), _origin(stream.url) != _origin(wanted.url)
    if wanted.authorization is not None or (moved and has_header):
        changed.append("header")
    if not changed:
        return False
    before = _facts(stream)
    for name in _PLAIN:
        setattr(stream, name, getattr(wanted, name))
    if "header" in changed:
        stream.sealed_authorization = _sealed(wanted.authorization or "")
    stream.retry_at, stream.run, stream.run_until = None, None, None
    stream.save()
    _record(Event.STREAM_CHANGED, stream, actor, before=before, after={**_facts(stream), "changed": changed})
    return True


def _facts(stream: Stream) -> dict[str, Any]:
    """What may be shown of a stream: neither its header nor the path of its address, which may hold a token."""
    certificates = x509.load_pem_x509_certificates(stream.ca_certificates.encode()) if stream.ca_certificates else []
    return {
        "stream": str(stream),
        "has_header": bool(stream.sealed_authorization),
        "ca_certificates": [each.fingerprint(SHA256()).hex() for each in certificates],
    }


@one_transaction()
def delete_stream(stream_id: UUID, *, actor: Actor) -> None:
    """Delete a stream with its secret and its cursor. Raises: StreamNotFound."""
    stream = _locked(stream_id)
    _record(Event.STREAM_DELETED, stream, actor, before={"position": stream.position})
    stream.delete()


@one_transaction()
def pause_stream(stream_id: UUID, *, actor: Actor) -> bool:
    """Send nothing until it is resumed; what happens meanwhile waits. False when it was paused already.

    Raises: StreamNotFound.
    """
    stream = _locked(stream_id)
    if stream.paused_at is not None:
        return False
    stream.paused_at = timezone.now()
    stream.save(update_fields=["paused_at"])
    _record(Event.STREAM_PAUSED, stream, actor, after={"position": stream.position})
    log.info("stream_paused", stream=str(stream), position=stream.position)
    return True


@one_transaction()
def resume_stream(stream_id: UUID, *, actor: Actor) -> bool:
    """Go on behind the last accepted entry, at once. False when it was not paused. Raises: StreamNotFound."""
    stream = _locked(stream_id)
    if stream.paused_at is None:
        return False
    stream.paused_at, stream.retry_at = None, None
    stream.save(update_fields=["paused_at", "retry_at"])
    _record(Event.STREAM_RESUMED, stream, actor, after={"position": stream.position})
    return True


@one_transaction()
def replay(stream_id: UUID, from_position: int, *, actor: Actor) -> int:
    """Send again from this position on; returns how many entries that are. What was sent already comes twice.

    Raises: StreamNotFound; InvalidValue for a position that would leave entries out, or that is not there any more.
    """
    stream = _locked(stream_id)
    if not 1 <= from_position <= stream.position + 1:
        reason = _("choose a position from 1 to %(next)s, the next one that is sent.")
        raise InvalidValue("from", reason, next=stream.position + 1)
    start = boundary(all_keys())
    if from_position <= start.position:
        reason = _("the entries before %(lowest)s are in sealed files only.")
        raise InvalidValue("from", reason, lowest=start.position + 1)
    count = stream.position - from_position + 1
    before = AuditEntry.objects.filter(position=from_position - 1).values_list("digest", flat=True).first()
    if from_position == start.position + 1:
        before = start.digest
    # Taking the run away keeps one that is sending now from moving the cursor forward again.
    stream.position, stream.digest = from_position - 1, before or ""
    stream.run, stream.run_until, stream.retry_at = None, None, None
    stream.save()
    _record(Event.STREAM_REPLAYED, stream, actor, after={"from": from_position, "entries": count})
    return count


def send_test(stream_id: UUID, *, actor: Actor) -> Outcome:
    """Send a test now, also to a paused stream; its cursor stays where it is. Raises: StreamNotFound; SealBroken."""
    stream = stream_of(stream_id)
    outcome = send_a_test(Receiver.of(stream, authorization_of(stream)))
    with one_transaction():
        _locked(stream_id)
        _record(Event.STREAM_TESTED, stream, actor, after={"status": outcome.status, "problem": outcome.problem})
    return outcome


def problem_text(problem: str, parameters: Mapping[str, Any]) -> str:
    """The sentence that pages and commands show; "" where there was no problem."""
    if problem == SECRET_UNREADABLE:
        return str(_("the header cannot be read with the present SECRET_KEY; give it again."))
    return fetch_problem_text(problem, parameters) if problem else ""


def _checked(wanted: Wanted) -> Wanted:
    name, url = wanted.name.strip(), wanted.url.strip()
    pem, authorization = wanted.ca_certificates.strip(), wanted.authorization
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidValue("name", _("give it a name of at most %(most)s characters."), most=LONGEST_NAME)
    scheme = url.partition("://")[0].lower()
    _check_address(url, scheme)
    if pem:
        _check_certificates(pem, scheme)
    if authorization:
        authorization = authorization.strip()
        _check_authorization(authorization, scheme)
    return Wanted(name=name, url=url, ca_certificates=pem, authorization=authorization)


def _check_address(url: str, scheme: str) -> None:
    if scheme in SYSLOG_PORTS:
        _check_syslog_address(url)
    elif not is_usable_address(url, allow_http=site_is_local()):
        raise InvalidValue("url", _("the address must begin with https://, tls://, tcp:// or udp:// and name a host."))
    if not is_fetchable_host(url):
        raise InvalidValue("url", _("the host is not a public address."))


def _check_authorization(authorization: str, scheme: str) -> None:
    if scheme in SYSLOG_PORTS:
        raise InvalidValue("authorization", _("syslog has no such header."))
    if not (authorization.isascii() and authorization.isprintable()) or len(authorization) > _LONGEST_AUTHORIZATION:
        raise InvalidValue("authorization", _("the header takes printable ASCII characters only."))


def _check_syslog_address(url: str) -> None:
    """A host, and perhaps a port."""
    problem = InvalidValue("url", _("for syslog the address is a host and perhaps a port, such as tls://host:6514."))
    if len(url) > LONGEST_URL or any(not 32 < ord(character) < 127 for character in url):
        raise problem
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        raise problem from None
    if not parts.hostname or "@" in parts.netloc or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise problem


def _check_certificates(pem: str, scheme: str) -> None:
    if scheme not in {"https", "tls"}:
        raise InvalidValue("ca_certificates", _("only addresses with https:// and tls:// have certificates."))
    try:
        if len(pem) > _LONGEST_PEM or not x509.load_pem_x509_certificates(pem.encode()):
            raise ValueError
    except ValueError:
        raise InvalidValue("ca_certificates", _("these are no certificates in PEM.")) from None


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _sealed(authorization: str) -> bytes:
    return seal(authorization.encode(), purpose=AUTHORIZATION_PURPOSE) if authorization else b""


def _newest_link() -> Boundary:
    newest = AuditHead.objects.filter(pk=1).first()
    return Boundary(newest.position, newest.digest) if newest else Boundary(0, "")


def _locked(stream_id: UUID) -> Stream:
    stream = Stream.objects.select_for_update().filter(pk=stream_id).first()
    if stream is None:
        raise StreamNotFound(stream_id)
    return stream


def _record(event: Event, stream: Stream, actor: Actor, **documents: dict[str, Any]) -> None:
    record(event, actor=actor, kind="stream", object_id=stream.id, label=str(stream), **documents)
