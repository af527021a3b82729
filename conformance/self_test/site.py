"""The site itself: credentials of the run's own, and where it answers."""

from collections.abc import Iterator
from contextlib import contextmanager

from conformance.self_test.own_credentials import own_credentials
from conformance.self_test.own_server import where_it_answers
from conformance.suite.server import Credentials


@contextmanager
def this_site() -> Iterator[tuple[str, Credentials]]:
    """Yield the SCIM base URL and credentials, which are revoked at the end. Raises: NoServer."""
    with own_credentials() as credentials, where_it_answers(credentials.api_key) as base_url:
        yield base_url, credentials
