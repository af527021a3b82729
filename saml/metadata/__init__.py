"""IdP metadata (SAML metadata 2.0): a document's bytes become the few facts that we keep. Fetching is elsewhere."""

from saml.metadata.document import METADATA_LIMIT, as_text
from saml.metadata.endpoints import Binding
from saml.metadata.entities import Choice, SeveralIdentityProviders
from saml.metadata.facts import MetadataFacts, read_metadata, warn_about_address

__all__ = [
    "METADATA_LIMIT",
    "Binding",
    "Choice",
    "MetadataFacts",
    "SeveralIdentityProviders",
    "as_text",
    "read_metadata",
    "warn_about_address",
]
