"""The site's Celery application with a clock that runs faster, for real beats and workers (``celery --app``).

What the site does each minute is due each four seconds; beside it a task notes in a file for which moment it ran.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from celery.schedules import crontab

from gatekeeper.celery import app
from tests.maintenance.schedule_variables import NOTES, STARTED

DUE = "gatekeeper_due"  # named here, since this is imported before Django knows its models
SPEED = 15
EACH_MINUTE = ("link new audit entries every minute", "deliver events every minute", "heartbeat every minute")


def quick_now() -> datetime:
    """The time of the fast clock, which is the same in each process."""
    started = float(os.environ[STARTED])
    return datetime.fromtimestamp(started + (time.time() - started) * SPEED, UTC)


@app.task(name="tests.note", bind=True, ignore_result=True)
def note(self: Any) -> None:
    """Write down the moment, and take long enough that other workers are at the same one."""
    with Path(os.environ[NOTES]).open("a") as notes:
        notes.write(f"{self.request.get(DUE)}\n")
    time.sleep(0.2)


app.conf.beat_max_loop_interval = 0.1  # seconds
app.conf.beat_schedule = {
    name: {**app.conf.beat_schedule[name], "schedule": crontab(nowfun=quick_now)} for name in EACH_MINUTE
} | {"note": {"task": "tests.note", "schedule": crontab(nowfun=quick_now)}}
