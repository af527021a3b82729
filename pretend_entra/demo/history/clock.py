"""The site's clock, moved: everything that asks Django for the time gets another one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from unittest.mock import patch

from django.utils import timezone


@contextmanager
def moved_to(moment: datetime) -> Iterator[None]:
    """Until the end of the block it is ``moment``, also for what took ``timezone.now`` as a default long before.

    ``timezone.now()`` asks the class ``datetime`` of its own module, so that class is what is exchanged.
    """

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # it need not be of this class
            return moment.astimezone(tz)

    with patch.object(timezone, "datetime", Moved):
        yield
