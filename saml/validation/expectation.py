"""What a SAML response has to match, all of it from our own records, none of it from the message."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from saml.certificates import SigningCertificate

Keys = Callable[[], Iterable[RSAPrivateKey]]


def no_keys() -> Iterable[RSAPrivateKey]:
    """Nothing can be opened."""
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """``request_id`` is the AuthnRequest that this browser has pending; None: an unsolicited response is accepted."""

    idp_entity_id: str
    sp_entity_id: str
    acs_url: str
    sso_url: str
    certificates: Sequence[SigningCertificate]
    request_id: str | None
    accepts_signed_response: bool = False  # Then the signature of the Response vouches for an unsigned assertion in it.
    keys: Keys = no_keys  # Ours, for parts of the assertion that are encrypted one by one.
    person_claim: str = ""  # The attribute that says who is signing in; "": the NameID does.
    authenticated_since: datetime | None = None  # The person had to sign in anew at the identity provider after this.
    now: datetime
