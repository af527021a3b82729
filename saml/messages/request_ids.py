"""The IDs of our requests. Each carries its purpose and time under a keyed digest, so that an answer to a request that
is over and not stored any more can be distinguished from an answer to a request that never was.

An ID is never a reason to trust a message; it only chooses the text about one that is refused anyway.
"""

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from django.utils import timezone
from django.utils.crypto import salted_hmac

_PURPOSES = {"sign_on": "0", "test": "1", "sign_out": "2"}
_DIGEST = 20  # hexadecimal digits
# A letter first, as xs:ID and Entra want; 128 random bits are what SAML core 1.3.4 asks for.
_OURS = re.compile(r"id(?P<purpose>[012])(?P<second>[0-9a-f]{8})[0-9a-f]{32}(?P<digest>[0-9a-f]{20})")


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request that this site has sent."""

    purpose: str
    begun: datetime


def new_request_id(purpose: str) -> str:
    """The ID of a request that is about to be sent; 63 characters."""
    body = f"id{_PURPOSES[purpose]}{int(timezone.now().timestamp()):08x}{secrets.token_hex(16)}"
    return f"{body}{_digest(body)}"


def sent_request(request_id: str) -> SentRequest | None:
    """What an ID says about the request; None for one that this site never sent."""
    found = _OURS.fullmatch(request_id)
    if found is None or not hmac.compare_digest(found["digest"], _digest(request_id[:-_DIGEST])):
        return None
    purpose = next(name for name, digit in _PURPOSES.items() if digit == found["purpose"])
    return SentRequest(purpose, datetime.fromtimestamp(int(found["second"], 16), UTC))


def _digest(body: str) -> str:
    return salted_hmac("gatekeeper.saml.request_ids", body, algorithm=sha256().name).hexdigest()[:_DIGEST]
