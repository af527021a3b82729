"""The values that a message states as rows for a page, beside what the connection expects of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from saml.addresses import addresses_of
from saml.models import Connection

_LABELS: Mapping[str, Promise] = {
    "message": _("Message"),
    "looks_like": _("Looks like"),
    "size": _("Size in bytes"),
    "status": _("Status"),
    "status_message": _("Status message"),
    "issuer": _("Issuer of the response"),
    "assertion_issuer": _("Issuer of the assertion"),
    "destination": _("Destination"),
    "recipient": _("Recipient"),
    "audience": _("Audience"),
    "in_response_to": _("InResponseTo"),
    "issued": _("Issued"),
    "not_before": _("Valid from"),
    "not_on_or_after": _("Valid until"),
    "response_signed": _("Response signed"),
    "assertion_signed": _("Assertion signed"),
    "signature_algorithm": _("Signature algorithm"),
    "signed_with": _("Signed with the certificate"),
    "assertion_encrypted": _("Assertion encrypted"),
    "encryption_algorithm": _("Encryption"),
    "key_encryption": _("Encryption of the key"),
    "encrypted_for": _("Encrypted for the key"),
    "name_id": _("NameID"),
    "name_id_format": _("NameID format"),
}


@dataclass(frozen=True, slots=True)
class StatedValue:
    """``expected`` is "" where anything may stand."""

    label: str
    stated: str
    expected: str = ""

    @property
    def differs(self) -> bool:
        return bool(self.expected) and self.expected not in self.stated.split(", ")


@dataclass(frozen=True, slots=True)
class Claim:
    """``short`` is the last part of a name that is an address."""

    name: str
    value: str

    @property
    def short(self) -> str:
        return self.name.rstrip("/").rpartition("/")[2]


def stated_values(statement: Mapping[str, Any], connection: Connection | None) -> list[StatedValue]:
    """The values of a message's summary in their order; what an assertion must state and does not is shown as missing.

    The issuer of the response may be left out (SAML core 3.2.2).
    """
    expected = _expected(connection) if connection is not None else {}
    missing = set(expected) - set(statement) - {"issuer"} if "assertion_signed" in statement else set()
    return [
        StatedValue(str(label), _shown(statement.get(name, "missing")), expected.get(name, ""))
        for name, label in _LABELS.items()
        if name in statement or name in missing
    ]


def claims_of(statement: Mapping[str, Any]) -> list[Claim]:
    """The attributes in a message's summary, as they were stated."""
    return [Claim(name, value) for name, value in statement.get("attributes", {}).items()]


def _expected(connection: Connection) -> dict[str, str]:
    addresses = addresses_of(connection.id)
    return {
        "issuer": connection.idp_entity_id,
        "assertion_issuer": connection.idp_entity_id,
        "destination": addresses.acs,
        "recipient": addresses.acs,
        "audience": addresses.metadata,
        **({} if connection.accept_signed_response else {"assertion_signed": "yes"}),
    }


def _shown(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
