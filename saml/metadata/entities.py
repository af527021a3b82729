"""Which EntityDescriptor of a document is meant: the only one, or the one that somebody chose from an aggregate."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gatekeeper.outbound.public_addresses import LONGEST_URL
from saml.errors import MetadataRefused
from saml.metadata.wrong_documents import wrong_role
from saml.refusals.metadata_reasons import MetadataReason
from saml.xml.parser import MD, SAMLP, tag, text

_ENTITY = tag(MD, "EntityDescriptor")
_AGGREGATE = tag(MD, "EntitiesDescriptor")
_MDUI = "urn:oasis:names:tc:SAML:metadata:ui"
_NAMES = (
    f"{tag(MD, 'IDPSSODescriptor')}/{tag(MD, 'Extensions')}/{tag(_MDUI, 'UIInfo')}/{tag(_MDUI, 'DisplayName')}",
    f"{tag(MD, 'Organization')}/{tag(MD, 'OrganizationDisplayName')}",
)
_NAMED = 5  # entityIDs in a sentence
_SEVERAL = {  # whether one was wanted, and whether there are more than are named
    (False, False): MetadataReason.SEVERAL_ENTITIES,
    (False, True): MetadataReason.SEVERAL_ENTITIES_AND_MORE,
    (True, False): MetadataReason.ENTITY_NOT_THERE,
    (True, True): MetadataReason.ENTITY_NOT_THERE_AND_MORE,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """An identity provider of an aggregate; ``name`` is what it calls itself, or ""."""

    entity_id: str
    name: str


class SeveralIdentityProviders(MetadataRefused):
    """The document is an aggregate, and it was not said which of its identity providers is meant."""

    def __init__(self, choices: tuple[Choice, ...], reason: MetadataReason, **parameters: Any) -> None:
        super().__init__(reason, **parameters)
        self.choices = choices


def find_entity(root: etree._Element, wanted: str) -> etree._Element:
    """The EntityDescriptor that is meant. ``wanted``: its entityID, which decides where there are several.

    Raises: MetadataRefused; SeveralIdentityProviders, with what there is to choose from.
    """
    if root.tag == _ENTITY:
        return root
    entities = list(_entities(root))
    providers = [each for each in entities if describes_identity_provider(each)]
    if not providers:
        raise wrong_role(entities[0]) if entities else MetadataRefused(MetadataReason.EMPTY_AGGREGATE)
    if len(providers) == 1:
        return providers[0]
    found = [each for each in providers if each.get("entityID") == wanted]
    if len(found) > 1:
        raise MetadataRefused(MetadataReason.REPEATED_ENTITY, entity_id=wanted)
    if not found:
        raise _several(providers, wanted)
    return found[0]


def identity_provider_descriptor(entity: etree._Element) -> etree._Element:
    """The one IDPSSODescriptor for SAML 2.0. Raises: MetadataRefused."""
    found = _descriptors(entity)
    if not found:
        raise wrong_role(entity)
    if len(found) > 1:
        raise MetadataRefused(MetadataReason.TWO_ROLES)
    return found[0]


def entity_id_of(entity: etree._Element) -> str:
    """Raises: MetadataRefused for one that cannot be used."""
    entity_id: str = entity.get("entityID") or ""
    if not entity_id or len(entity_id) > LONGEST_URL or entity_id != entity_id.strip():
        raise MetadataRefused(MetadataReason.NO_ENTITY_ID)
    if "{tenantid}" in entity_id.lower():
        raise MetadataRefused(MetadataReason.ALL_TENANTS)
    return entity_id


def describes_identity_provider(entity: etree._Element) -> bool:
    """Whether it describes a SAML 2.0 identity provider at all."""
    return bool(_descriptors(entity))


def _descriptors(entity: etree._Element) -> list[etree._Element]:
    return [
        each
        for each in entity.findall(tag(MD, "IDPSSODescriptor"))
        if SAMLP in (each.get("protocolSupportEnumeration") or SAMLP).split()
    ]


def _entities(root: etree._Element) -> Iterator[etree._Element]:
    """Those of an aggregate and of the aggregates in it; what extensions hold is no entity of ours."""
    waiting = [root]
    while waiting:
        for child in waiting.pop():
            if child.tag == _ENTITY:
                yield child
            elif child.tag == _AGGREGATE:
                waiting.append(child)


def _several(providers: list[etree._Element], wanted: str) -> SeveralIdentityProviders:
    named = [(each.get("entityID") or "", each) for each in providers]
    counted = Counter(entity_id for entity_id, _ in named)
    choices = tuple(Choice(entity_id, _name(each)) for entity_id, each in named if counted[entity_id] == 1)
    more = len(choices) - _NAMED
    parameters: dict[str, Any] = {
        "count": len(choices),
        "listed": [choice.entity_id[:200] for choice in choices[:_NAMED]],
        **({"more": more} if more > 0 else {}),
        **({"entity_id": wanted[:200]} if wanted else {}),
    }
    return SeveralIdentityProviders(choices, _SEVERAL[bool(wanted), more > 0], **parameters)


def _name(entity: etree._Element) -> str:
    for path in _NAMES:
        found = entity.find(path)
        if found is not None and text(found).strip():
            return " ".join(text(found).split())[:100]
    return ""
