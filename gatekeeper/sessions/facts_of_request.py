"""What holds for everybody, read once in a request: most of it was read for the access of who asks."""

from typing import cast

from django.http import HttpRequest

from gatekeeper.directory.access.loaders import site_facts, with_all_mappings
from gatekeeper.directory.access.resolver import SiteFacts

_OF_VIEWER, _ALL = "facts_of_viewer", "site_facts"


def note_facts(request: HttpRequest, facts: SiteFacts) -> None:
    """Keep what the access of who is signed in follows from; of the mappings it has those of their groups."""
    setattr(request, _OF_VIEWER, facts)


def site_facts_of(request: HttpRequest) -> SiteFacts:
    """Mappings, teams and choices, for what only reads: whoever changes one of them reads them again.

    One query, and none the next time; four where nobody is signed in in a browser.
    """
    known = cast(SiteFacts | None, getattr(request, _ALL, None))
    if known is None:
        of_viewer = cast(SiteFacts | None, getattr(request, _OF_VIEWER, None))
        known = with_all_mappings(of_viewer) if of_viewer else site_facts()
        setattr(request, _ALL, known)
    return known
