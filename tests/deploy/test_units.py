"""The systemd units: systemd finds no fault in them, they are shut in, and they run what the Procfile says."""

import configparser
import re
import subprocess
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from tests.deploy.programs import DEPLOY, ROOT, program

UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.suffix in (".service", ".socket", ".target"))
SERVICES = [path for path in UNITS if path.suffix == ".service"]
PLACE = "/opt/gatekeeper"
MOST_EXPOSED = 15  # tenths, of a hundred: what is left is the network and the host's own root folder


def name(path: Path) -> str:
    return path.name


def unit(path: Path) -> configparser.ConfigParser:
    # Keys may stand more than once; the last one is enough here.
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read_string(re.sub(r"\A(#.*\n)+", "", path.read_text()))
    return parser


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units as they are on a machine whose site lies in this folder."""
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace(PLACE, str(ROOT)))
    return tmp_path


def test_systemd_finds_no_fault_in_the_units(installed: Path):
    done = subprocess.run(
        [program("systemd-analyze"), "verify", "--man=no", *(f"./{path.name}" for path in UNITS)],
        cwd=installed, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("service", SERVICES, ids=name)
def test_each_service_is_shut_in(service: Path, installed: Path):
    done = subprocess.run(
        [program("systemd-analyze"), "security", "--offline=true", f"--threshold={MOST_EXPOSED}", f"./{service.name}"],
        cwd=installed, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout[-300:]


def test_the_services_run_the_lines_of_the_procfile():
    lines = parse_procfile((ROOT / "Procfile").read_text()).processes
    started = {path.stem: unit(path)["Service"]["ExecStart"] for path in SERVICES}

    assert started == {
        **{f"gatekeeper-{process}": line.replace("exec ", f"{PLACE}/", 1) for process, line in lines.items()},
        "gatekeeper-migrate": f"{PLACE}/.venv/bin/python manage.py start --prepare-only",
    }


def test_what_stops_a_service_waits_longer_than_the_site_needs():
    longest = int(re.search(r"^graceful_timeout = (\d+)", (ROOT / "gunicorn.conf.py").read_text(), re.MULTILINE)[1])

    assert {int(unit(path)["Service"].get("TimeoutStopSec", "90")) > longest for path in SERVICES} == {True}


def test_all_units_start_and_stop_with_the_target():
    parts = [path for path in UNITS if path.suffix != ".target"]

    assert {path.name: unit(path)["Install"]["WantedBy"] for path in parts} == {
        path.name: "gatekeeper.target" for path in parts
    }
    assert {unit(path)["Unit"]["PartOf"] for path in parts} == {"gatekeeper.target"}


def test_the_example_of_an_environment_has_no_value_that_somebody_could_leave_there():
    lines = (DEPLOY / "systemd" / "environment.example").read_text().splitlines()

    assert [line for line in lines if not line.startswith("#") and not re.fullmatch(r"[A-Z_]+=", line)] == []
