"""The compose file against its schema, its secrets, and what the containers may do."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.deploy.programs import DEPLOY, ROOT

FILE = DEPLOY / "compose" / "compose.yaml"
OURS = ("web", "worker", "beat", "migrate")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return loaded


def test_the_file_is_one_that_compose_takes(document: dict[str, Any]):
    schema = resources.files("check_jsonschema.builtin_schemas.vendor").joinpath("compose-spec.json").read_text()

    jsonschema.validate(document, json.loads(schema))


def test_each_process_of_the_site_is_one_service_of_one_image(document: dict[str, Any]):
    services = document["services"]

    assert {name: services[name]["command"] for name in OURS} == {name: [name] for name in OURS}
    assert len({services[name]["image"] for name in OURS}) == 1
    assert (FILE.parent / services["web"]["build"]["context"]).resolve() == ROOT
    assert (ROOT / services["web"]["build"]["dockerfile"]).is_file()


def test_no_container_of_the_site_may_do_more_than_it_needs(document: dict[str, Any]):
    for name in (*OURS, "proxy", "redis"):
        service = document["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert [name for name, service in document["services"].items() if "ports" in service] == ["proxy"]
    assert {name for name, service in document["services"].items() if "outside" in service.get("networks", [])} == {
        "worker"
    }
    assert document["networks"]["back"] == {"internal": True}


def test_a_new_version_starts_after_its_tables(document: dict[str, Any]):
    for name in ("web", "worker", "beat"):
        assert document["services"][name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert document["services"]["migrate"]["depends_on"]["db"] == {"condition": "service_healthy"}


def test_everything_that_is_named_exists(document: dict[str, Any]):
    services = document["services"].values()
    volumes = {volume.split(":")[0] for service in services for volume in service.get("volumes", [])}
    networks = {network for service in services for network in service["networks"]}
    secrets = {secret for service in services for secret in service.get("secrets", [])}

    assert {name for name in volumes if not name.startswith(".")} == set(document["volumes"])
    assert all((FILE.parent / name).exists() for name in volumes if name.startswith("."))
    assert networks == set(document["networks"])
    assert secrets == set(document["secrets"])


def test_no_secret_stands_in_the_file_or_has_a_default():
    text = FILE.read_text()

    assert re.findall(r"(?i)(?:password|secret|token|key)\w*: *[\"']?\$?\{?[^\s{\[\"'./]*:-", text) == []
    assert all(each["file"].startswith("./secrets/") for each in yaml.safe_load(text)["secrets"].values())


def test_secrets_are_made_once_each_of_its_own_and_for_their_owner_only(tmp_path: Path, document: dict[str, Any]):
    script = tmp_path / "make-secrets.sh"
    shutil.copy2(FILE.parent / script.name, script)

    subprocess.run([script], check=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    subprocess.run([script], check=True)

    assert set(made) == set(document["secrets"])
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert made["DATABASE_URL"] == f"postgres://gatekeeper:{made['POSTGRES_PASSWORD']}@db:5432/gatekeeper"
    assert len({made[name] for name in ("SECRET_KEY", "METRICS_TOKEN", "POSTGRES_PASSWORD")}) == 3
    assert all(len(made[name]) == 96 for name in ("SECRET_KEY", "METRICS_TOKEN", "POSTGRES_PASSWORD"))
    environment = {**os.environ, **made, "DATA_DIR": str(tmp_path / "data"), "REDIS_URL": "redis://redis:6379/0"}
    subprocess.run(
        [sys.executable, "-c", "import gatekeeper.settings"], cwd=ROOT, env=environment, check=True, timeout=60
    )
