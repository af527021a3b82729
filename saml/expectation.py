"""What a SAML response has to match, all of it from our own records, none of it from the message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from saml.certificates import SigningCertificate


@dataclass(frozen=True, kw_only=True, slots=True)
class Expectation:
    """``request_id`` is the AuthnRequest that this browser has pending; None: an unsolicited response is accepted."""

    idp_entity_id: str
    sp_entity_id: str
    acs_url: str
    sso_url: str
    certificates: Sequence[SigningCertificate]
    request_id: str | None
    person_claim: str = ""  # The attribute that says who is signing in; "": the NameID does.
    authenticated_since: datetime | None = None  # The person had to sign in anew at the identity provider after this.
    now: datetime
