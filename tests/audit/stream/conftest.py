"""A local site, which may send to its own machine, with a linked trail."""

from collections.abc import Callable
from typing import Any

import pytest

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.streams import Wanted, create_stream
from tests.builders import ADMIN


@pytest.fixture(autouse=True)
def local_site(settings: Any) -> None:
    settings.PUBLIC_URL = "http://127.0.0.1:8000"


@pytest.fixture
def write() -> Callable[..., None]:
    """Write so many entries, and link them."""

    def write_some(count: int = 1, label: str = "Ben") -> None:
        for number in range(count):
            after = {"n": [1.5, "ä", None], "number": number}
            record(Event.USER_CHANGED, actor=ADMIN, kind="user", object_id=number, label=label, after=after)
        link_new_entries()

    return write_some


@pytest.fixture
def stream_to() -> Callable[..., Stream]:
    """Make a stream to this address; from the beginning unless told otherwise."""

    def make(url: str, *, name: str = "SIEM", from_beginning: bool = True, **wanted: Any) -> Stream:
        return create_stream(Wanted(name=name, url=url, **wanted), from_beginning=from_beginning, actor=ADMIN)

    return make
