"""The demo keeps to itself."""

import io
import socket
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from entra_client.run.simulation import Size
from gatekeeper.directory.access.resolver import INITIAL_DEFAULT_MAPPING
from pretend_entra.demo.processes import DemoFailed, Processes, expect_free
from pretend_entra.demo.script import MAPPINGS, Place

PLACE = Place(root=Path.cwd(), folder=Path("/data/demo"), port=8000)


@pytest.mark.parametrize("command", ["simulate_idp", "demo"])
def test_the_pretend_entra_does_not_start_beside_a_public_site(settings, command: str):
    settings.PUBLIC_URL = "https://gatekeeper.example"
    with pytest.raises(CommandError, match=r"does not start beside PUBLIC_URL=https://gatekeeper\.example"):
        call_command(command, stdout=io.StringIO())


def test_the_operators_database_and_broker_are_out_of_its_reach():
    outer = {"DATABASE_URL": "postgres://real", "REDIS_URL": "redis://real", "PATH": "/bin", "DATA_DIR": "/data"}
    assert PLACE.environment(outer) == {
        "PATH": "/bin",
        "DATA_DIR": "/data/demo",
        "HOST": "127.0.0.1",
        "PORT": "8000",
        "PUBLIC_URL": "http://127.0.0.1:8000",
    }


def test_the_mappings_are_about_groups_that_the_company_has():
    assert set(MAPPINGS["group_mappings"]) <= {group.display_name for group in Size().company().groups}


def test_the_default_mapping_is_a_decision_so_that_its_step_of_setting_up_is_done():
    initial = INITIAL_DEFAULT_MAPPING
    stated = {"level": initial.level.slug, "permissions": sorted(initial.permissions), "teams": []}

    assert MAPPINGS["default_mapping"] != stated


def test_a_port_that_is_taken_is_one_sentence():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        with pytest.raises(DemoFailed, match="is taken"):
            expect_free(listener.getsockname()[1], "site")


def test_a_command_that_fails_is_its_own_sentence(tmp_path: Path):
    (tmp_path / "manage.py").write_text("import sys; sys.exit('It did not work.')")
    with pytest.raises(DemoFailed, match=r"anything failed: It did not work\."):
        Processes(tmp_path, tmp_path, {}).run("anything")


def test_a_server_that_ends_by_itself_is_named_and_the_others_are_stopped(tmp_path: Path):
    (tmp_path / "manage.py").write_text("import sys, time; time.sleep(0 if 'short' in sys.argv else 600)")
    processes = Processes(tmp_path, tmp_path, {})
    processes.start("long one", "long")
    processes.start("short one", "short")
    try:
        with pytest.raises(DemoFailed, match="The short one ended by itself"):
            processes.wait_for("short one", lambda: False)
    finally:
        processes.stop()
    processes.expect_alive()
