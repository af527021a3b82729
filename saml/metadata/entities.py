"""Which EntityDescriptor of a document is meant: the only one, or the one that somebody chose from an aggregate."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from gatekeeper.outbound.public_addresses import LONGEST_URL
from saml.errors import MetadataRefused
from saml.metadata.wrong_documents import describe_wrong_role
from saml.xml.parser import MD, SAMLP, tag, text

_ENTITY = tag(MD, "EntityDescriptor")
_AGGREGATE = tag(MD, "EntitiesDescriptor")
_MDUI = "urn:oasis:names:tc:SAML:metadata:ui"
_NAMES = (
    f"{tag(MD, 'IDPSSODescriptor')}/{tag(MD, 'Extensions')}/{tag(_MDUI, 'UIInfo')}/{tag(_MDUI, 'DisplayName')}",
    f"{tag(MD, 'Organization')}/{tag(MD, 'OrganizationDisplayName')}",
)
_NAMED = 5  # entityIDs in a sentence


@dataclass(frozen=True, slots=True)
class Choice:
    """An identity provider of an aggregate; ``name`` is what it calls itself, or ""."""

    entity_id: str
    name: str


class SeveralIdentityProviders(MetadataRefused):
    """The document is an aggregate, and it was not said which of its identity providers is meant."""

    def __init__(self, choices: tuple[Choice, ...], reason: str) -> None:
        super().__init__(reason)
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
        raise MetadataRefused(
            describe_wrong_role(entities[0]) if entities else "it is an aggregate without any entity."
        )
    if len(providers) == 1:
        return providers[0]
    found = [each for each in providers if each.get("entityID") == wanted]
    if len(found) > 1:
        raise MetadataRefused(f"it describes {wanted} more than once.")
    if not found:
        raise _several(providers, wanted)
    return found[0]


def identity_provider_descriptor(entity: etree._Element) -> etree._Element:
    """The one IDPSSODescriptor for SAML 2.0. Raises: MetadataRefused."""
    found = _descriptors(entity)
    if not found:
        raise MetadataRefused(describe_wrong_role(entity))
    if len(found) > 1:
        raise MetadataRefused("it describes two SAML 2.0 identity providers under one entityID (IDPSSODescriptor).")
    return found[0]


def entity_id_of(entity: etree._Element) -> str:
    """Raises: MetadataRefused for one that cannot be used."""
    entity_id: str = entity.get("entityID") or ""
    if not entity_id or len(entity_id) > LONGEST_URL or entity_id != entity_id.strip():
        raise MetadataRefused("it has no usable entityID.")
    if "{tenantid}" in entity_id.lower():
        raise MetadataRefused(
            "this is Entra's document for all tenants (common); copy the App Federation Metadata Url of your "
            "application instead."
        )
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
    listed = ", ".join(choice.entity_id[:200] for choice in choices[:_NAMED])
    more = f" and {len(choices) - _NAMED} more" if len(choices) > _NAMED else ""
    reason = f"it describes {len(choices)} identity providers: choose one by its entityID ({listed}{more})."
    if wanted:
        reason = f"it does not describe {wanted[:200]}, but {len(choices)} others ({listed}{more})."
    return SeveralIdentityProviders(choices, reason)


def _name(entity: etree._Element) -> str:
    for path in _NAMES:
        found = entity.find(path)
        if found is not None and text(found).strip():
            return " ".join(text(found).split())[:100]
    return ""
