"""What a subscriber is, and what it is given."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gatekeeper.events.codes import EventCode


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event as a subscriber is given it; ``id`` is the same however often it is delivered."""

    id: UUID
    code: EventCode
    occurred_at: datetime
    data: dict[str, Any]


class DeliveryFailed(Exception):
    """Raised by a subscriber that could not take an event; ``code`` says why, and is kept with the delivery."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Subscriber:
    """``deliver`` takes one event, or raises; it may be given one twice. ``wants``: the events that it is given.

    ``name`` is stored with what is still to be delivered, so it never changes.
    """

    name: str
    deliver: Callable[[Occurrence], None]
    wants: Collection[EventCode]
