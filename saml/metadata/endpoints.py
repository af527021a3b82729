"""Where an identity provider wants its messages: the address, the binding, and where answers go."""

from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from gatekeeper.outbound.public_addresses import is_usable_address
from saml.errors import MetadataRefused
from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding
from saml.xml.parser import MD, tag

_BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings:"
_SHOWN = 150  # characters of an address in a sentence


class Binding(StrEnum):
    """The bindings (SAML bindings 3.4 and 3.5) over which we send, the one that we prefer first."""

    REDIRECT = "redirect"
    POST = "post"

    @property
    def uri(self) -> str:
        """As metadata names it."""
        return _BINDINGS + {"redirect": "HTTP-Redirect", "post": "HTTP-POST"}[self.value]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``response_url``: where answers go when that is another address (ResponseLocation), else ""."""

    url: str
    binding: Binding
    response_url: str = ""


def sign_on_endpoint(descriptor: etree._Element, *, allow_http: bool) -> Endpoint:
    """Where AuthnRequests go. Raises: MetadataRefused when none of the addresses can be used."""
    endpoint = _endpoint(descriptor, "SingleSignOnService", allow_http)
    if endpoint is not None:
        return endpoint
    there = [each.get("Binding", "").rpartition(":")[2] for each in descriptor.findall(tag(MD, "SingleSignOnService"))]
    if not there:
        raise MetadataRefused(MetadataReason.NO_SIGN_ON_ADDRESS)
    unusable = _unusable(descriptor, "SingleSignOnService")
    if unusable:
        raise MetadataRefused(MetadataReason.UNUSABLE_SIGN_ON_ADDRESS, url=unusable)
    raise MetadataRefused(MetadataReason.NO_SIGN_ON_BINDING, listed=there[:5])


def logout_endpoint(descriptor: etree._Element, *, allow_http: bool) -> tuple[Endpoint | None, Finding | None]:
    """Where sign-outs go, None without an address that can be used; and a finding about one that cannot."""
    endpoint = _endpoint(descriptor, "SingleLogoutService", allow_http)
    unusable = "" if endpoint else _unusable(descriptor, "SingleLogoutService")
    if unusable:
        return None, Finding(MetadataReason.LOGOUT_ADDRESS_LEFT_OUT, {"url": unusable})
    return endpoint, None


def _endpoint(descriptor: etree._Element, service: str, allow_http: bool) -> Endpoint | None:
    for binding in Binding:
        for each in descriptor.findall(tag(MD, service)):
            url = (each.get("Location") or "").strip()
            if each.get("Binding") == binding.uri and is_usable_address(url, allow_http=allow_http):
                answers = (each.get("ResponseLocation") or "").strip()
                usable = answers != url and is_usable_address(answers, allow_http=allow_http)
                return Endpoint(url, binding, answers if usable else "")
    return None


def _unusable(descriptor: etree._Element, service: str) -> str:
    """The first address with a binding of ours, shortened; "" when there is none."""
    ours = {binding.uri for binding in Binding}
    found = (each.get("Location") or "" for each in descriptor.findall(tag(MD, service)) if each.get("Binding") in ours)
    return next((url[:_SHOWN] for url in found if url), "")
