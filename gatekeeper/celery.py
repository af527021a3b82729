"""The Celery application and its schedule, which is code. Tasks are in the ``tasks.py`` of the packages.

Any number of beats may send it: ``maintenance/scheduled_runs.py`` sees to it that each moment is run once.
"""

import os
import signal
import sys
from typing import Any

from celery import Celery, bootsteps
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init
from django.apps import apps
from django.conf import settings
from django.utils.log import configure_logging
from django_structlog.celery.receivers import CeleryReceiver

from gatekeeper.runtime.database_limits import TASK, set_for_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
# Django's checks, which were run at the start of the site, would import every page and endpoint into worker and beat.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")


class LogOfTasks(bootsteps.Step):
    """The log's lines of a worker's tasks.

    The library's own step has a second receiver for what is sent to the broker, beside that of its Django app, so that
    each task that a worker sends would have two lines.
    """

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        self.receiver: CeleryReceiver = apps.get_app_config("django_structlog")._celery_receiver  # type: ignore[attr-defined]
        self.receiver.connect_worker_signals()


app = Celery("gatekeeper", task_cls="gatekeeper.maintenance.scheduled_runs:ScheduledTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(LogOfTasks)
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # docs/rules.md#5: people who were provisioned since the last run can sign in after minute 45.
    "link new audit entries every minute": {
        "task": "audit.link_new_entries",
        "schedule": crontab(),
        "options": {"expires": 55},  # seconds; the next one does the same work
    },
    "log the newest link of the audit trail": {"task": "audit.log_head", "schedule": crontab(minute="5")},
    "erase deleted people whose time is over": {
        "task": "configuration.erase_due",
        "schedule": crontab(minute="20", hour="3"),
    },
    "export and seal old audit entries": {
        "task": "configuration.seal_audit_trail",
        "schedule": crontab(minute="40", hour="2"),
    },
    "verify the whole audit trail": {
        "task": "configuration.verify_audit_trail",
        "schedule": crontab(minute="50", hour="4"),
    },
    "write down which sessions have ended": {
        "task": "configuration.end_overdue_sessions",
        "schedule": crontab(minute="25"),
    },
    "sync SAML users at minute 45": {
        "task": "saml.sync_users",
        "schedule": crontab(minute="45"),
        "kwargs": {"spread": True},  # a random pause before metadata is fetched: saml/sync/fetch_delay.py
    },
    "deliver events every minute": {
        "task": "events.deliver",
        "schedule": crontab(),
        "options": {"expires": 55},  # seconds; the next one does the same work
    },
    "watch whether provisioning goes on": {"task": "scim.watch_provisioning", "schedule": crontab(minute="*/10")},
    "delete the values of removed attributes": {
        "task": "scim.delete_removed_values",
        "schedule": crontab(minute="*/10"),
    },
    "see which causes of e-mail are over": {
        "task": "configuration.end_mail_causes",
        "schedule": crontab(),
        "options": {"expires": 55},  # seconds; the next one does the same work
    },
    "send digests": {"task": "configuration.send_digests", "schedule": crontab(hour="6", minute="15")},
    "announce API keys that expire": {"task": "scim.announce_expiring_keys", "schedule": crontab(hour="6", minute="5")},
    "delete log entries whose time is over": {"task": "configuration.prune_logs", "schedule": crontab(minute="35")},
    "delete measurements to which nothing is added": {
        "task": "health.forget_measurements",
        "schedule": crontab(hour="4", minute="10"),
    },
    "heartbeat every minute": {
        "task": "health.heartbeat",
        "schedule": crontab(),
        # A heartbeat that waited longer says nothing; without this a stopped worker would find a pile of them.
        "options": {"expires": 55},  # seconds
    },
}


@setup_logging.connect
def use_the_site_s_logging(**_: object) -> None:
    """Keep Celery from installing handlers of its own beside ours."""
    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    if settings.LOG_FORMAT == "json":
        # A worker that is asked to stop says so there in lines of text, past the log.
        sys.__stdout__ = None  # type: ignore[misc]


@worker_process_init.connect
def leave_stopping_to_the_worker(**_: object) -> None:
    """A process manager signals the whole group; the pool must finish its tasks first, and its parent ends it then."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@worker_process_init.connect
def limit_statements(**_: object) -> None:
    """A task's statement may take minutes, a request's seconds."""
    set_for_process(TASK)
