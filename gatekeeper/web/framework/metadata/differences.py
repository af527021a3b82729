"""What another metadata document would change, as a page shows it before somebody confirms it."""

import base64
import binascii
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from saml.certificate_state import CertificateState, Phase, certificate_state
from saml.certificates import SigningCertificate
from saml.errors import MetadataRefused
from saml.metadata import METADATA_LIMIT
from saml.metadata.changes import ChangedValue, MetadataChange
from saml.models import BINDINGS
from saml.refusals.metadata_reasons import MetadataReason

_BADGES = {
    Phase.VALID: "badge-ok",
    Phase.ENDING: "badge-warn",
    Phase.EXPIRED: "badge-danger",
    Phase.NOT_YET: "badge-info",
}


def difference_page(change: MetadataChange, *, by_hand: bool, changed_meanwhile: bool = False) -> dict[str, Any]:
    """What ``web/framework/_metadata_change.html`` needs. ``by_hand``: the document was handed over with the form."""
    now = timezone.now()
    return {
        "change": change,
        "pairs": [
            (_("Identity provider (entityID)"), change.entity_id),
            (_("Sign-on address"), change.sso_url),
            (_("Sign-on binding"), _labelled(change.sso_binding)),
            (_("Logout address"), change.slo_url),
            (_("Answers to its logout requests"), change.slo_response_url),
            (_("Wants signed requests"), change.wants_signed_requests),
            (_("Signer of the metadata"), change.signer),
        ],
        "groups": [
            (_("Added"), "badge-ok", [certificate_facts(each, now) for each in change.added]),
            (_("Withdrawn"), "badge-danger", [certificate_facts(each, now) for each in change.withdrawn]),
            (_("Kept"), "", [certificate_facts(each, now) for each in change.kept]),
        ],
        # What was uploaded travels with the page; what has an address is read again when it is confirmed.
        "document": base64.b64encode(change.document).decode("ascii") if by_hand else "",
        "by_hand": by_hand,
        "changed_meanwhile": changed_meanwhile,
    }


def carried_document(encoded: str) -> bytes:
    """The document that travelled with the page. Raises: MetadataRefused for what it can't have been."""
    try:
        document = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise MetadataRefused(MetadataReason.UPLOAD_INCOMPLETE) from error
    if len(document) > METADATA_LIMIT:
        raise MetadataRefused(MetadataReason.UPLOAD_TOO_LARGE)
    return document


def certificate_facts(certificate: SigningCertificate, now: datetime) -> dict[str, Any]:
    """One line about a certificate, with how its badge looks."""
    state: CertificateState = certificate_state(certificate, now)
    return {"certificate": certificate, "state": state, "badge": _BADGES[state.phase]}


def _labelled(binding: ChangedValue) -> ChangedValue:
    labels = dict(BINDINGS)
    return ChangedValue(before=labels[binding.before], after=labels[binding.after])
