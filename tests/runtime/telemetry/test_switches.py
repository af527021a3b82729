"""The environment switches telemetry on; a wrong value or a missing package is said before anything runs."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.once import ONCE
from tests.runtime.test_base_install import in_a_base_install
from tests.site import ROOT, Site

SETTINGS = "from django.conf import settings; settings.DEBUG"
LOADED = """
import sys
import django
django.setup()
import gatekeeper.wsgi
# Redis's client and Django REST framework look by themselves whether an API of OpenTelemetry and requests are there.
names = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "sentry_sdk", "gatekeeper.runtime.telemetry.tracing")
print([name for name in names if name in sys.modules])
"""
NAMES = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "SENTRY_DSN")
RIGHT = {
    NAMES[0]: "http://127.0.0.1:4318",
    NAMES[1]: "http://127.0.0.1:4318/v1/traces",
    NAMES[2]: "http://k@127.0.0.1/1",
}
MOST_TO_STOP = 8.0  # seconds, on a machine that is busy with other things


def run(program: str, data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**kept, "DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "gatekeeper.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_name_nothing_of_it_is_imported(tmp_path: Path):
    assert run(LOADED, tmp_path).stdout.strip() == "[]"


def test_the_sdk_is_switched_off_by_its_own_name(tmp_path: Path):
    done = run(LOADED, tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=RIGHT[NAMES[0]], OTEL_SDK_DISABLED="true")

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (NAMES[0], "127.0.0.1:4318"),
        (NAMES[0], "grpc://127.0.0.1:4317"),
        (NAMES[1], "http://"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_SDK_DISABLED", "perhaps"),
        ("SENTRY_DSN", "https://sentry.example.com/1"),
        ("SENTRY_DSN", "https://key@sentry.example.com/"),
        ("SENTRY_DSN", "key"),
    ],
)
def test_a_wrong_value_stops_the_start_in_one_line_that_names_it(tmp_path: Path, name: str, value: str):
    done = run(SETTINGS, tmp_path, **{"OTEL_EXPORTER_OTLP_ENDPOINT": RIGHT[NAMES[0]], name: value})

    assert done.returncode == 1
    assert re.fullmatch(rf"{name} must be .+\n", done.stderr), done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_missing_packages_stop_the_start_in_one_line_that_says_what_to_do(tmp_path, monkeypatch, name: str):
    monkeypatch.setenv(name, RIGHT[name])

    done = in_a_base_install(SETTINGS, data_dir=tmp_path)

    assert done.returncode == 1
    assert re.fullmatch(
        rf"{name} needs packages .+ `make setup EXTRAS=telemetry`.+requirements-telemetry\.txt`\.\n", done.stderr
    )


def test_a_collector_that_takes_everything_and_answers_nothing_delays_neither_requests_nor_the_end(make_site):
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        site: Site = make_site(
            processes=("web",),
            environment={"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "SENTRY_DSN": f"{endpoint}/1".replace("//", "//k@")},
        )
        began = time.monotonic()
        for _ in range(20):
            assert httpx.get(f"{site.url}/healthz").status_code == 200
        assert time.monotonic() - began < 5
        time.sleep(1.5)  # it is being sent
        began = time.monotonic()
        assert site.end_process("web", signal.SIGTERM) == 0
        assert time.monotonic() - began < MOST_TO_STOP
    assert "Traceback" not in site.log("web").read_text()


@ONCE
def test_make_setup_installs_the_extra_in_a_clean_folder(tmp_path: Path):
    for path in (ROOT / "Makefile", *ROOT.glob("requirements*.txt")):
        shutil.copy2(path, tmp_path)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "VIRTUAL_ENV"))}

    subprocess.run(
        ["make", "setup", "EXTRAS=telemetry"], cwd=tmp_path, env=environment, check=True, capture_output=True
    )

    check = "import opentelemetry.exporter.otlp.proto.http.trace_exporter, sentry_sdk, django, importlib.util as u; "
    check += "print(u.find_spec('pytest'))"
    done = subprocess.run([".venv/bin/python", "-c", check], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == "None\n"
