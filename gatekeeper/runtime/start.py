"""What happens between ``make run`` and a running site: tables, static files, the first administrator, processes."""

import json
import os
import secrets
import sys
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.urls import reverse
from honcho.environ import parse_procfile

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.local_accounts.accounts import create_local_administrator
from gatekeeper.directory.models import Team, User
from gatekeeper.directory.teams.teams import create_team
from gatekeeper.runtime.processes import supervisor
from gatekeeper.runtime.transactions import one_transaction

FIRST_ADMINISTRATOR = "admin@gatekeeper.local"
FIRST_TEAM = "General"
PASSWORD_BYTES = 16  # 22 characters of base64: 128 random bits

WELCOME = """
────────────────────────────────────────────────────────────────────────
  This is the first start. A local administrator was created.

    Sign in at   {address}
    E-mail       {email}
    Password     {password}

  It is shown once and works once, within 72 hours: the first
  sign-in asks for a password of your own.
────────────────────────────────────────────────────────────────────────
"""


def prepare() -> None:
    """Bring tables and static files up to date; idempotent. Prints the first administrator where nobody exists yet."""
    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    password = create_first_administrator()
    if password:
        address = settings.PUBLIC_URL + reverse(settings.LOGIN_URL)
        _say(WELCOME.format(address=address, email=FIRST_ADMINISTRATOR, password=password))


def create_first_administrator() -> str | None:
    """Create one local administrator when there is no user at all; returns the one-time password, which nobody keeps.

    A first team comes with them, so that there is one to choose as the fallback team.
    """
    with one_transaction():
        if User.objects.exists():
            return None
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        create_local_administrator(FIRST_ADMINISTRATOR, password, actor=Actor.site(), one_time=True)
        if not Team.objects.live().exists():
            create_team(FIRST_TEAM, actor=Actor.site())
        return password


def serve() -> NoReturn:
    """Become the supervisor of the site's processes, which runs them until Ctrl-C."""
    # The children's addresses follow from this process's environment, even where a default was used.
    environment = {
        **os.environ,
        "DATA_DIR": str(settings.DATA_DIR),
        "HOST": settings.HOST,
        "PORT": str(settings.PORT),
        "PUBLIC_URL": settings.PUBLIC_URL,
        "PYTHONUNBUFFERED": "1",
    }
    processes = parse_procfile(_procfile().read_text()).processes
    connections.close_all()
    _say(f"Gatekeeper starts at {settings.PUBLIC_URL} – Ctrl-C stops it.")
    os.chdir(settings.BASE_DIR)
    os.execve(sys.executable, [sys.executable, supervisor.__file__, json.dumps(processes)], environment)  # noqa: S606


def _say(text: str) -> None:
    """On standard output; one object where a program reads it. It is never part of the log."""
    print(supervisor.as_json(text) if settings.LOG_FORMAT == "json" else text, flush=True)  # noqa: T201


def _procfile() -> Path:
    """Over the embedded broker, on one machine, worker and beat share a process."""
    return Path(settings.BASE_DIR) / ("Procfile" if settings.REDIS_URL else "Procfile.embedded")
