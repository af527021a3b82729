"""A right server in memory, served over HTTP."""

from collections.abc import Iterator

import pytest

from tests.conformance.server.memory import MemoryServer
from tests.entra_client.scim_server import served


@pytest.fixture
def memory() -> Iterator[tuple[MemoryServer, str]]:
    """The server, and its SCIM base URL."""
    server = MemoryServer()
    with served(server) as origin:
        yield server, f"{origin}/scim/v2"
