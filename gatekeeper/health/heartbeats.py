"""Writing and reading the signs of life of worker and beat."""

from datetime import timedelta
from enum import StrEnum

from django.utils import timezone

from gatekeeper.health.models import Heartbeat

# Both beat once a minute; two missed ones and some slack mean that something is wrong.
LATE_AFTER = timedelta(seconds=150)


class Process(StrEnum):
    """The processes that have to be alive beside the web server."""

    WORKER = "worker"
    BEAT = "beat"


def beat(process: Process) -> None:
    """Say that ``process`` lives now. One write; safe from several processes at once."""
    Heartbeat.objects.update_or_create(name=process.value, defaults={"at": timezone.now()})


def age(process: Process) -> timedelta | None:
    """How long ago the process last said that it lives; None: never."""
    row = Heartbeat.objects.filter(name=process.value).first()
    return timezone.now() - row.at if row else None
