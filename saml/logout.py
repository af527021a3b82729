"""Signing out, from both sides.

The identity provider's LogoutRequest arrives in the person's browser, often in a hidden frame without our cookie, and
from Entra unsigned. So an unsigned one may end only sessions that match issuer, NameID and SessionIndex, found on the
server; the worst that a forger can do is sign out somebody whose SessionIndex they know. RelayState is never followed.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs

from lxml import etree

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.folding import fold
from gatekeeper.directory.models import SignIn
from gatekeeper.directory.sign_in import end_sign_ins_matching
from saml import allow_list, once
from saml.addresses import addresses_of
from saml.errors import Refused, UnreadableXml
from saml.models import Connection
from saml.signature import require_fitting, verify_query
from saml.trust import LONGEST_PARAMETER, SKEW
from saml.xml import DS, SAML, SAMLP, canonical, parse, tag, text

MESSAGE_LIMIT = 64 * 1024  # bytes, after inflating
FRESH_FOR = timedelta(minutes=5)
_GUARDS = (
    allow_list.is_small,
    allow_list.has_no_oddities,
    allow_list.has_plain_names,
    allow_list.has_unique_ids,
    allow_list.has_plain_signatures,
    allow_list.refers_to_its_parent,
    allow_list.has_known_transforms,
    allow_list.has_strong_algorithms,
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


def decode_post(parameter: str) -> bytes:
    """The bytes of a message from a form field. Raises: Refused."""
    if len(parameter) > LONGEST_PARAMETER:
        raise Refused("encoding", "the message is too long.")
    try:
        return base64.b64decode("".join(parameter.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("encoding", "the message is not base64.") from error


def decode_redirect(parameter: str) -> bytes:
    """The bytes of a message from a query, inflated to at most 64 KB (a bomb makes 50 MB of 65 KB). Raises: Refused."""
    deflated = decode_post(parameter)
    inflater = zlib.decompressobj(wbits=-15)
    try:
        document = inflater.decompress(deflated, MESSAGE_LIMIT)
    except zlib.error as error:
        raise Refused("encoding", "the message is not deflated.") from error
    if not inflater.eof:
        raise Refused("encoding", "the message is incomplete or larger than 64 KB.")
    return document


def read_logout_request(document: bytes, connection: Connection, *, query: str | None, now: datetime) -> LogoutMessage:
    """Read a LogoutRequest and judge it (SAML core 3.7, bindings 3.4). ``query``: the raw query of a redirect.

    Raises: Refused when it is not for us, stale, from somebody else, or carries a signature that does not fit.
    """
    root = _read(document, "LogoutRequest")
    is_signed = _is_signed(root, connection, query)
    root = parse(canonical(root), limit=MESSAGE_LIMIT * 2)
    _require_addressed(root, connection, must_be=is_signed)
    _require_fresh(root, now)
    if [text(each) for each in root.findall(tag(SAML, "Issuer"))] != [connection.idp_entity_id]:
        raise Refused("comes_from_the_connection", "the issuer is not this connection's identity provider.")
    names = root.findall(tag(SAML, "NameID"))
    if len(names) != 1 or not text(names[0]).strip():
        raise Refused("names_a_person", "a logout request must name one person.")
    indexes = tuple(text(each).strip() for each in root.findall(tag(SAMLP, "SessionIndex")))
    if not is_signed and not any(indexes):
        raise Refused("names_a_session", "an unsigned logout request must name the session.")
    return LogoutMessage(
        id=root.get("ID") or "",
        name_id=text(names[0]).strip(),
        session_indexes=tuple(filter(None, indexes)),
        is_signed=is_signed,
    )


def read_logout_response(document: bytes, connection: Connection, *, query: str | None) -> LogoutAnswer:
    """Read a LogoutResponse (SAML core 3.7.3.2). Only what the next page says hangs on it, so it may be unsigned.

    Raises: Refused when it is somebody else's, not for us, or carries a signature that does not fit.
    """
    root = _read(document, "LogoutResponse")
    is_signed = _is_signed(root, connection, query, parameter="SAMLResponse")
    root = parse(canonical(root), limit=MESSAGE_LIMIT * 2)
    _require_addressed(root, connection, must_be=is_signed)
    issuers = [text(each) for each in root.findall(tag(SAML, "Issuer"))]
    if issuers not in ([], [connection.idp_entity_id]):
        raise Refused("comes_from_the_connection", "the issuer is not this connection's identity provider.")
    status = root.find(tag(SAMLP, "Status"))
    codes = () if status is None else tuple(each.get("Value", "") for each in status.iter(tag(SAMLP, "StatusCode")))
    return LogoutAnswer(in_response_to=root.get("InResponseTo") or "", status=codes)


def end_named_sessions(message: LogoutMessage, connection: Connection, *, now: datetime, actor: Actor) -> int:
    """End the sessions that ``message`` names; returns how many. Raises: Refused when it was used before."""
    once.use(connection.idp_entity_id, [message.id], expires=now + FRESH_FOR + 2 * SKEW)
    indexes = message.session_indexes or tuple(_open_session_indexes(connection, message.name_id))
    return sum(end_sign_ins_matching(connection.id, message.name_id, index, actor=actor) for index in indexes)


def _open_session_indexes(connection: Connection, name_id: str) -> set[str]:
    open_now = SignIn.objects.live().filter(provider=connection.id)
    return {each.session_index for each in open_now.iterator() if fold(each.name_id) == fold(name_id)}


def _read(document: bytes, name: str) -> etree._Element:
    try:
        root = parse(document, limit=MESSAGE_LIMIT)
    except UnreadableXml as error:
        raise Refused("xml", str(error)) from error
    if root.tag != tag(SAMLP, name) or root.get("Version") != "2.0" or not root.get("ID"):
        raise Refused("is_a_response", f"the message is not a SAML 2.0 {name}.")
    for guard in _GUARDS:
        guard(root)
    return root


def _is_signed(
    root: etree._Element, connection: Connection, query: str | None, *, parameter: str = "SAMLRequest"
) -> bool:
    signatures = list(root.iter(tag(DS, "Signature")))
    if any(signature.getparent() is not root for signature in signatures) or len(signatures) > 1:
        raise Refused("has_signatures_in_place", "a signature stands where none belongs.")
    for signature in signatures:
        require_fitting(root, signature, connection.signing_certificates())
    return bool(signatures) or (query is not None and _query_is_signed(query, connection, parameter))


def _query_is_signed(query: str, connection: Connection, parameter: str) -> bool:
    """The redirect binding's signature is over the parameters exactly as they were encoded, in a fixed order."""
    encoded = dict(part.partition("=")[::2] for part in query.split("&"))
    if "Signature" not in encoded:
        return False
    signed = "&".join(f"{name}={encoded[name]}" for name in (parameter, "RelayState", "SigAlg") if name in encoded)
    decoded = parse_qs(query, keep_blank_values=True)
    if any(len(decoded.get(name, [])) > 1 for name in (parameter, "RelayState", "SigAlg", "Signature")):
        raise Refused("is_signed_by_the_connection", "a parameter is there twice.")
    value = decode_post(decoded["Signature"][0])
    algorithm = decoded.get("SigAlg", [""])[0]
    if not verify_query(signed.encode("ascii", "replace"), value, algorithm, connection.signing_certificates()):
        raise Refused("is_signed_by_the_connection", "the signature fits no certificate of the connection.")
    return True


def _require_addressed(root: etree._Element, connection: Connection, *, must_be: bool) -> None:
    destination = root.get("Destination")
    if destination is None and not must_be:
        return
    if destination != addresses_of(connection.id).logout:
        raise Refused("is_sent_to_us", "the Destination is not our Logout url.")


def _require_fresh(root: etree._Element, now: datetime) -> None:
    issued, ends = _moment(root, "IssueInstant"), _moment(root, "NotOnOrAfter")
    if issued is None or not now - FRESH_FOR - SKEW <= issued <= now + SKEW:
        raise Refused("is_within_its_time", "the logout request is too old; compare the clocks.")
    if ends is not None and now >= ends + SKEW:
        raise Refused("is_within_its_time", "the logout request has expired; compare the clocks.")


def _moment(root: etree._Element, name: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(root.get(name) or "")
    except ValueError:
        if root.get(name) is None:
            return None
        raise Refused("is_within_its_time", f"{name} is not a time.") from None
    if moment.tzinfo is None:
        raise Refused("is_within_its_time", f"{name} is not in UTC.")
    return moment
