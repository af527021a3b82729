"""Switching single guards off, to see what stands behind them."""

from typing import Any

from saml.errors import MessageRefused
from saml.messages import replay_protection
from saml.models import PendingRequest
from saml.validation import allow_list, decryption, response
from saml.validation.assertion import without_signature
from saml.validation.signature import SignedContent
from saml.xml.parser import SAML, canonical, parse, tag


def switch_off(monkeypatch: Any, name: str) -> None:
    """Take one guard away. Raises: KeyError for a name that is none, so that a renamed guard is noticed."""
    for module, table in ((allow_list, "GUARDS"), (response, "CHECKS")):
        guards = getattr(module, table)
        left = tuple(guard for guard in guards if guard.__name__ != name)
        if len(left) < len(guards):
            monkeypatch.setattr(module, table, left)
            return
    for target, attribute, replacement in _ELSEWHERE[name]:
        monkeypatch.setattr(target, attribute, replacement)


def _believe_any_signature(root: Any, certificates: Any, *_: Any, **__: Any) -> SignedContent:
    assertion = next(root.iter(tag(SAML, "Assertion")))
    return SignedContent(root, without_signature(parse(canonical(assertion), limit=10**7)), certificates[0])


def _any_browser(connection: Any, request_id: str, **_: Any) -> PendingRequest:
    found = PendingRequest.objects.filter(request_id=request_id).first()
    if found is None:
        raise MessageRefused("answers_this_browser", "there is no such request at all.")
    return found


_ELSEWHERE = {
    "python3_saml": [(response, "library_accepts", lambda document, expected: None)],
    "is_signed_by_the_connection": [
        (response, "verify", _believe_any_signature),
        (decryption, "require_fitting", lambda root, signature, certificates: certificates[0]),
    ],
    "answers_this_browser": [(replay_protection, "find_pending_request", _any_browser)],
    "is_used_once": [(replay_protection, "mark_used", lambda issuer, message_ids, *, expires: None)],
}
SWITCHABLE = frozenset(_ELSEWHERE) | {guard.__name__ for guard in (*allow_list.GUARDS, *response.CHECKS)}
