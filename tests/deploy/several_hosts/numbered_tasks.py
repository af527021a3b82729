"""The site's Celery application with tasks that note their runs, for real workers: ``celery --app`` this module."""

import os
import time
from pathlib import Path

from celery import Task
from celery.schedules import crontab

from gatekeeper.celery import app

DUE = "gatekeeper_due"  # maintenance/scheduled_runs.py, whose models are not there yet when this is imported


@app.task(name="tests.number", ignore_result=True)
def note(number: int) -> None:
    """Take a moment, as work does, and write down that it is done."""
    time.sleep(0.5)
    _write("NUMBERS", str(number))


@app.task(name="tests.minute", bind=True, ignore_result=True)
def note_minute(self: "Task[..., None]") -> None:
    """Write down the minute for which this runs."""
    _write("MINUTES", self.request.get(DUE))


app.conf.beat_schedule["note each minute"] = {"task": "tests.minute", "schedule": crontab()}


def _write(name: str, line: str) -> None:
    with Path(os.environ[name]).open("a") as notes:
        notes.write(f"{line}\n")
