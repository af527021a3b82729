"""Fetching metadata of identity providers, with the limits of ``gatekeeper.outbound``."""

from gatekeeper.outbound.fetching import Limits, fetch_document
from gatekeeper.outbound.problems import FetchRefused
from saml.errors import MetadataRefused
from saml.metadata import METADATA_LIMIT
from saml.refusals.metadata_reasons import MetadataReason

# Of any type: identity providers send metadata as text, as XML, and as a file to download.
_METADATA = Limits(size=METADATA_LIMIT)


def fetch_metadata(url: str) -> bytes:
    """Return the metadata document at ``url``, at most 1 MB. Raises: MetadataRefused."""
    try:
        return fetch_document(url, _METADATA)
    except FetchRefused as refusal:
        raise MetadataRefused(
            MetadataReason.NOT_FETCHED, problem=refusal.problem.value, **refusal.parameters
        ) from refusal
