"""A production install has requirements.txt and nothing else: all that it runs can be imported with that.

Packages of the demo and of the tests are hidden from a process of its own, as if they were not installed.
"""

import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.once import ONCE

pytestmark = ONCE

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCTION = ("gatekeeper", "scim", "saml", "entra_client", "conformance")
HIDING = """
import importlib, importlib.machinery, os, pkgutil, sys
hidden = set(sys.argv.pop(1).split(","))

class Installed(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else super().find_spec(name, path, target)

sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not importlib.machinery.PathFinder] + [Installed]
os.environ["DJANGO_SETTINGS_MODULE"] = "gatekeeper.settings"
"""
# Where the packages of the telemetry extra are imported, once the environment has switched it on.
OF_THE_TELEMETRY = ("gatekeeper.runtime.telemetry.tracing.", "gatekeeper.runtime.telemetry.error_reports")
IMPORT_ALL = f"""
of_the_telemetry = {OF_THE_TELEMETRY}
"""
IMPORT_ALL += """
import django
django.setup()
for package in sys.argv[1:]:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        if not module.name.startswith(of_the_telemetry):
            importlib.import_module(module.name)
importlib.import_module("gunicorn.app.wsgiapp")
"""
COMMAND = """
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


def locked(name: str) -> set[str]:
    """The distributions that a requirements file pins."""
    return set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", (ROOT / name).read_text(), re.MULTILINE))


def modules_of(wanted: set[str]) -> set[str]:
    """The top-level modules that these distributions install here."""
    modules: set[str] = set()
    for one in distributions():
        if re.sub(r"[-_.]+", "-", one.name).lower() in wanted:
            top = {Path(file).parts[0].removesuffix(".py").partition(".")[0] for file in one.files or ()}
            modules |= {name for name in top if name.isidentifier() and name != "__pycache__"}
    return modules


EXTRA = locked("requirements-demo.txt") | locked("requirements-telemetry.txt") | locked("requirements-dev.txt")
HIDDEN = modules_of(EXTRA - locked("requirements.txt")) - modules_of(locked("requirements.txt"))


def in_a_base_install(program: str, *arguments: str, data_dir: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "-c", HIDING + program, ",".join(sorted(HIDDEN)), *arguments],
        cwd=ROOT,
        env={**kept, "DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "gatekeeper.settings"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_hidden_is_what_only_the_demo_and_the_tests_install():
    assert {"signxml", "pytest", "playwright", "saml2", "opentelemetry", "sentry_sdk"} <= HIDDEN
    assert HIDDEN.isdisjoint({"django", "httpx", "lxml", "cryptography", "scim2_models", "scim2_tester"})


def test_every_module_of_production_can_be_imported(tmp_path: Path):
    done = in_a_base_install(IMPORT_ALL, *PRODUCTION, data_dir=tmp_path)

    assert done.returncode == 0, done.stderr[-2000:]


def test_the_provisioning_client_is_part_of_it(tmp_path: Path):
    done = in_a_base_install(COMMAND, "simulate_entra", "--help", data_dir=tmp_path)

    assert done.returncode == 0, done.stderr[-2000:]
    assert "--base-url" in done.stdout


@pytest.mark.parametrize("command", ["demo", "simulate_idp"])
def test_the_identity_provider_simulator_and_the_demo_are_not(tmp_path: Path, command: str):
    done = in_a_base_install(COMMAND, command, "--help", data_dir=tmp_path)

    assert done.returncode != 0
    assert f"Unknown command: '{command}'" in done.stderr
