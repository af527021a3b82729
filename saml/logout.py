"""Single logout (SAML profiles 4.4): reading the messages of the identity provider and ending the sessions they name.

The identity provider's LogoutRequest arrives in the person's browser, often in a hidden frame without our cookie, and
from Entra unsigned. So an unsigned one may end only sessions that match issuer, NameID and SessionIndex, found on the
server; the worst that a forger can do is sign out somebody whose SessionIndex they know. RelayState is never followed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from lxml import etree

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import SignIn
from gatekeeper.directory.sessions.open_sessions import end_sign_ins_matching
from saml.addresses import addresses_of
from saml.connections.key_pairs import decryption_keys
from saml.errors import MessageRefused, UnreadableTime, UnreadableXml
from saml.messages import replay_protection
from saml.messages.bindings import INFLATED_LIMIT, decode_post
from saml.models import Connection
from saml.refusals.reasons import Reason
from saml.validation.decryption import decrypt_parts
from saml.validation.encryption_shape import ENCRYPTED_ID, has_plain_encryption
from saml.validation.message_shape import MESSAGE_GUARDS, Guard, is_identifier
from saml.validation.signature import require_fitting, verify_query
from saml.validation.signature_shape import SIGNATURE_GUARDS
from saml.xml.datetimes import SKEW, read_moment, shifted
from saml.xml.parser import DS, SAML, SAMLP, canonical, parse, tag, text

FRESH_FOR = timedelta(minutes=5)


def has_signature_in_place(root: etree._Element) -> None:
    """A signature stands directly in the message, and there is at most one."""
    signatures = list(root.iter("{*}Signature"))
    if len(signatures) > 1 or any(each.getparent() is not root for each in signatures):
        raise MessageRefused("has_signatures_in_place", Reason.SIGNATURE_MISPLACED)


LOGOUT_GUARDS: tuple[Guard, ...] = (
    *MESSAGE_GUARDS,
    has_plain_encryption,
    has_signature_in_place,
    *SIGNATURE_GUARDS,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LogoutMessage:
    """What an identity provider asks for. ``session_indexes`` is empty when it names none."""

    id: str
    name_id: str
    session_indexes: tuple[str, ...]
    is_signed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LogoutAnswer:
    """What an identity provider answered to our LogoutRequest. ``status``: its codes, the outer one first."""

    in_response_to: str
    status: tuple[str, ...]


def read_logout_request(document: bytes, connection: Connection, *, query: str | None, now: datetime) -> LogoutMessage:
    """Read a LogoutRequest and judge it (SAML core 3.7, bindings 3.4). ``query``: the raw query of a redirect.

    Raises: MessageRefused when it is not for us, stale, from somebody else, or carries a signature that does not fit.
    """
    root = _read(document, "LogoutRequest")
    is_signed = _is_signed(root, connection, query, "SAMLRequest")
    try:
        return _stated_by(_canonical(root), connection, is_signed=is_signed, now=now)
    except MessageRefused as refusal:
        refusal.is_signed = is_signed
        raise


def _stated_by(root: etree._Element, connection: Connection, *, is_signed: bool, now: datetime) -> LogoutMessage:
    _require_addressed(root, connection, must_be=is_signed)
    _require_fresh(root, now)
    _require_issuer(root, connection)
    indexes = tuple(text(each).strip() for each in root.findall(tag(SAMLP, "SessionIndex")))
    if not is_signed and not any(indexes):
        raise MessageRefused("names_a_session", Reason.NO_SESSION_NAMED)
    return LogoutMessage(
        id=root.get("ID") or "",
        name_id=_name_id(root, connection, is_signed=is_signed),
        session_indexes=tuple(filter(None, indexes)),
        is_signed=is_signed,
    )


def _name_id(root: etree._Element, connection: Connection, *, is_signed: bool) -> str:
    """The NameID, decrypted where a signed message encrypts it.

    An unauthenticated client must not learn what can be decrypted.
    """
    if root.find(ENCRYPTED_ID) is not None:
        if not is_signed:
            raise MessageRefused("names_a_person", Reason.ENCRYPTED_NAME_UNSIGNED)
        recipient = addresses_of(connection.id).metadata
        root = decrypt_parts(root, lambda: decryption_keys(connection), recipient=recipient)
    names = root.findall(tag(SAML, "NameID"))
    if len(names) != 1 or not text(names[0]).strip():
        raise MessageRefused("names_a_person", Reason.NOT_ONE_NAME, count=len(names))
    return text(names[0]).strip()


def read_logout_response(document: bytes, connection: Connection, *, query: str | None, now: datetime) -> LogoutAnswer:
    """Read a LogoutResponse (SAML core 3.7.3.2). Only what the next page says hangs on it, so it may be unsigned.

    Raises: MessageRefused when it is somebody else's, not for us, stale, or carries a signature that does not fit.
    """
    root = _read(document, "LogoutResponse")
    is_signed = _is_signed(root, connection, query, "SAMLResponse")
    root = _canonical(root)
    _require_addressed(root, connection, must_be=is_signed)
    _require_fresh(root, now)
    if root.find(tag(SAML, "Issuer")) is not None:
        _require_issuer(root, connection)
    status = root.find(tag(SAMLP, "Status"))
    codes = () if status is None else tuple(each.get("Value", "") for each in status.iter(tag(SAMLP, "StatusCode")))
    return LogoutAnswer(in_response_to=root.get("InResponseTo") or "", status=codes)


def end_named_sessions(message: LogoutMessage, connection: Connection, *, now: datetime, actor: Actor) -> int:
    """End the sessions that ``message`` names; returns how many. Raises: MessageRefused when it was used before."""
    replay_protection.mark_used(connection.idp_entity_id, [message.id], expires=now + FRESH_FOR + 2 * SKEW)
    indexes = message.session_indexes or tuple(_open_session_indexes(connection, message.name_id))
    return sum(end_sign_ins_matching(connection.id, message.name_id, index, actor=actor) for index in indexes)


def _open_session_indexes(connection: Connection, name_id: str) -> set[str]:
    open_now = SignIn.objects.live().filter(provider=connection.id)
    return {each.session_index for each in open_now.iterator() if fold(each.name_id) == fold(name_id)}


def _read(document: bytes, name: str) -> etree._Element:
    try:
        root = parse(document, limit=INFLATED_LIMIT)
    except UnreadableXml as error:
        raise MessageRefused("xml", error.reason, **error.parameters) from error
    if root.tag != tag(SAMLP, name) or root.get("Version") != "2.0" or not is_identifier(root.get("ID")):
        raise MessageRefused("is_a_response", Reason.NOT_A_LOGOUT_MESSAGE, name=name)
    for guard in LOGOUT_GUARDS:
        guard(root)
    return root


def _canonical(root: etree._Element) -> etree._Element:
    try:
        return parse(canonical(root), limit=INFLATED_LIMIT * 2)
    except UnreadableXml as error:
        raise MessageRefused("xml", error.reason, **error.parameters) from error


def _is_signed(root: etree._Element, connection: Connection, query: str | None, parameter: str) -> bool:
    signatures = root.findall(tag(DS, "Signature"))
    for signature in signatures:
        require_fitting(root, signature, connection.signing_certificates())
    return bool(signatures) or (query is not None and _query_is_signed(query, connection, parameter))


def _query_is_signed(query: str, connection: Connection, parameter: str) -> bool:
    """The redirect binding's signature is over the parameters exactly as they were encoded, in a fixed order."""
    encoded = dict(part.partition("=")[::2] for part in query.split("&"))
    if "Signature" not in encoded:
        return False
    names = (parameter, "RelayState", "SigAlg")
    signed = "&".join(f"{name}={encoded[name]}" for name in names if name in encoded)
    decoded = parse_qs(query, keep_blank_values=True)
    if any(len(decoded.get(name, [])) > 1 for name in (*names, "Signature")):
        raise MessageRefused("is_signed_by_the_connection", Reason.PARAMETER_TWICE)
    value = decode_post(decoded["Signature"][0])
    algorithm = decoded.get("SigAlg", [""])[0]
    if not verify_query(signed.encode("ascii", "replace"), value, algorithm, connection.signing_certificates()):
        raise MessageRefused("is_signed_by_the_connection", Reason.NO_FITTING_CERTIFICATE)
    return True


def _require_issuer(root: etree._Element, connection: Connection) -> None:
    stated = [text(each).strip() for each in root.findall(tag(SAML, "Issuer"))]
    if stated != [connection.idp_entity_id]:
        shown = ", ".join(stated)[:200] or None
        raise MessageRefused("comes_from_the_connection", Reason.ISSUER_IS_ANOTHER, place="Issuer", stated=shown)


def _require_addressed(root: etree._Element, connection: Connection, *, must_be: bool) -> None:
    destination = root.get("Destination")
    if destination is None and not must_be:
        return
    if destination != addresses_of(connection.id).logout:
        stated = (destination or "")[:200] or None
        raise MessageRefused("is_sent_to_us", Reason.LOGOUT_DESTINATION_IS_ANOTHER, stated=stated)


def _require_fresh(root: etree._Element, now: datetime) -> None:
    issued, ends = _moment(root, "IssueInstant"), _moment(root, "NotOnOrAfter")
    if issued is None or not shifted(issued, -SKEW) <= now <= shifted(issued, FRESH_FOR + SKEW):
        stated = (root.get("IssueInstant") or "")[:100] or None
        raise MessageRefused("is_within_its_time", Reason.LOGOUT_STALE, stated=stated)
    if ends is not None and now >= shifted(ends, SKEW):
        stated = (root.get("NotOnOrAfter") or "")[:100]
        raise MessageRefused("is_within_its_time", Reason.LOGOUT_EXPIRED, stated=stated)


def _moment(root: etree._Element, name: str) -> datetime | None:
    stated = root.get(name)
    if stated is None:
        return None
    try:
        return read_moment(stated)
    except UnreadableTime as error:
        raise MessageRefused(
            "is_within_its_time", Reason.TIME_UNREADABLE, name=name, stated=stated[:100], problem=error.reason
        ) from error
