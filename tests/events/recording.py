"""A subscriber for tests: it remembers what it was given, in order, and fails when it is asked to."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db import transaction

from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit_all, event
from gatekeeper.events.subscription import DeliveryFailed, Occurrence, Subscriber
from tests.builders import ADMIN


class Recorder:
    """``failing``: the numbers (``data["number"]``) of events that it refuses for now."""

    def __init__(self, name: str = "recorder", wants: Collection[EventCode] = frozenset(EventCode)) -> None:
        self.given: list[Occurrence] = []
        self.failing: set[int] = set()
        self.subscriber = Subscriber(name, self.take, frozenset(wants))

    def take(self, occurrence: Occurrence) -> None:
        if occurrence.data["number"] in self.failing:
            raise DeliveryFailed("not_now")
        self.given.append(occurrence)

    @property
    def numbers(self) -> list[int]:
        return [each.data["number"] for each in self.given]

    @property
    def ids(self) -> list[UUID]:
        return [each.id for each in self.given]


def happened(objects: Iterable[object], code: EventCode = EventCode.ACCESS_CHANGED) -> None:
    """One event for each of these objects, numbered from 0, in one transaction."""
    with transaction.atomic():
        emit_all(
            [
                event(code, actor=ADMIN, kind="thing", object_id=each, data={"number": number})
                for number, each in enumerate(objects)
            ]
        )
