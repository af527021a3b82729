"""Which processes the site has, and what each of them does not import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from gatekeeper.runtime import start
from gatekeeper.runtime.processes import supervisor
from tests.once import ONCE
from tests.site import ROOT

pytestmark = ONCE

# What pages and endpoints need, and neither tasks nor their schedule do.
OF_THE_WEB_SERVER = (
    "scim2_models",
    "pydantic",
    "webauthn",
    "drf_spectacular.openapi",
    "rest_framework.views",
    "gatekeeper.urls",
    "scim.http.views",
    "gatekeeper.web.framework.admin_site",
    "onelogin",
    "requests",
    "httpx",
)

LOADED = """
import sys
{load}
print("\\n".join(sorted(sys.modules)))
"""
WORKER = "from {app} import app; app.loader.import_default_modules(); app.finalize()"


def modules(load: str, tmp_path: Path) -> set[str]:
    """What a fresh process has imported after this."""
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "gatekeeper.settings"}
    environment.pop("CELERY_SKIP_CHECKS", None)
    code = LOADED.format(load=load)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("app", ["gatekeeper.celery", "gatekeeper.runtime.processes.background"])
def test_worker_and_beat_import_nothing_that_only_the_web_server_needs(app: str, tmp_path: Path) -> None:
    found = modules(WORKER.format(app=app), tmp_path)

    assert "saml.tasks" in found
    assert [name for name in OF_THE_WEB_SERVER if name in found] == []


def test_the_supervisor_imports_nothing_of_the_site(tmp_path: Path) -> None:
    load = f"import runpy; runpy.run_path({supervisor.__file__!r}, run_name='looked at')"

    found = modules(load, tmp_path)

    assert "honcho.process" in found
    assert [
        name for name in found if name.partition(".")[0] in ("gatekeeper", "django", "celery", "saml", "scim")
    ] == []


def test_the_web_server_imports_everything_before_it_forks(tmp_path: Path) -> None:
    found = modules("import gatekeeper.wsgi", tmp_path)

    assert {"scim.http.views", "gatekeeper.web.framework.admin_site", "scim2_models"} <= found


@pytest.mark.parametrize(
    ("redis_url", "expected"), [(None, ["web", "worker"]), ("redis://127.0.0.1:6379/0", ["web", "worker", "beat"])]
)
def test_over_the_embedded_broker_beat_is_in_the_worker(settings, redis_url: str | None, expected: list[str]) -> None:
    settings.REDIS_URL = redis_url

    processes = parse_procfile(start._procfile().read_text()).processes

    assert list(processes) == expected
    assert ("--pool threads" in processes["worker"]) == (redis_url is None)


ENDING = """
import sys, django
django.setup()
from gatekeeper.health.beat_scheduler import Scheduler
Scheduler.tick = lambda *_: 1 / 0
from gatekeeper.runtime.processes.background import app
sys.exit(app.worker_main(["--quiet", "worker", "--pool", "threads", "--concurrency", "1"]))
"""


def test_an_ended_beat_ends_its_process(tmp_path: Path) -> None:
    """Nothing would be sent any more, and nobody would see it."""
    kept = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
    environment = {**kept, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "gatekeeper.settings"}
    command = [sys.executable, "-c", ENDING]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90, check=False)

    assert "beat_failed" in done.stdout + done.stderr
