"""The image: what it copies exists and is enough, and its processes need no other place to write to than DATA_DIR."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from honcho.environ import parse_procfile

from tests.deploy.programs import DEPLOY, ROOT, program
from tests.once import ONCE
from tests.site import Site, free_port, wait_until

pytestmark = ONCE

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
FROM_THE_CONTEXT = re.compile(r"^COPY (?!--from)(.+)$", re.MULTILINE)
BACK_TO_THE_CONTEXT = re.compile(r"^!(.+)$", re.MULTILINE)

HEALTH_CHECK = (".venv/bin/python", "deploy/docker/healthcheck.py")
# Without capabilities root, too, writes only where the mode of a folder lets it.
CONTAINED = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs") if os.geteuid() == 0 else ()


def copied() -> list[tuple[list[str], str]]:
    """What each COPY takes out of the repository, and where it puts it below the image's folder."""
    words = [line.split() for line in FROM_THE_CONTEXT.findall(DOCKERFILE.read_text())]
    return [(sources, target) for *sources, target in words]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the image in a folder in which nothing may be written, with the packages of this test run."""
    folder = tmp_path_factory.mktemp("image")
    for sources, target in copied():
        for name in sources:
            source, place = ROOT / name, folder / target
            if source.is_dir():
                shutil.copytree(source, place)  # with what Python has compiled, as in the image
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, place)
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444)
    return folder


def environment(site: Site, secrets: Path, **values: str) -> dict[str, str]:
    """The site's, with what is secret in files, as an engine gives it."""
    kept = dict(site.environment)
    secrets.mkdir()
    for name in ("SECRET_KEY", "DATABASE_URL"):
        value = {"SECRET_KEY": "k" * 64}.get(name) or kept.pop(name, "")
        if value:
            (secrets / name).write_text(value + "\n")
    return {**kept, "SECRETS_DIR": str(secrets), "PYTHONDONTWRITEBYTECODE": "1", "LOG_FORMAT": "json", **values}


def test_the_dockerfile_has_no_fault_that_hadolint_knows():
    done = subprocess.run([program("hadolint"), str(DOCKERFILE)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_everything_that_is_copied_exists_and_is_sent_to_the_engine():
    sources = {name for names, _ in copied() for name in names}
    sent = set(BACK_TO_THE_CONTEXT.findall((ROOT / ".dockerignore").read_text()))

    assert [name for name in sorted(sources | sent) if not (ROOT / name).exists()] == []
    assert {name for name in sources if not any(Path(name).is_relative_to(each) for each in sent)} == set()
    assert {each for each in sent if not any(Path(name).is_relative_to(each) for name in sources)} == set()


def test_the_image_runs_as_nobody_special_and_says_when_it_can_serve():
    last = DOCKERFILE.read_text().rpartition("\nFROM ")[2]

    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert re.search(r"^VOLUME /data$", last, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK .* CMD ", last, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE.read_text()


def test_the_processes_of_the_image_are_the_procfile_s(image: Path):
    assert set(parse_procfile((image / "Procfile").read_text()).processes) == {"web", "worker", "beat"}


def test_a_read_only_image_serves_without_any_capability_and_writes_to_its_data_only(image, make_site, tmp_path):
    site, port = make_site(processes=()), free_port()
    (site.data_dir / "tmp").mkdir()
    ours = environment(site, tmp_path / "secrets", PORT=str(port), TMPDIR=str(site.data_dir / "tmp"))

    assert run(image, ours, "deploy/docker/entrypoint.sh", "migrate").returncode == 0
    web = subprocess.Popen(
        [*CONTAINED, "deploy/docker/entrypoint.sh", "web"],
        cwd=image, env=ours, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        wait_until(lambda: answers(port) or web.poll() is not None, what="the image's web server")
        assert web.poll() is None, web.communicate()[0]
        health = run(image, ours, *HEALTH_CHECK)
        assert (health.returncode, health.stdout[:18]) == (0, '{"status": "ready"'), health.stdout
        assert httpx.get(f"http://127.0.0.1:{port}/sign-in/").status_code == 200
    finally:
        web.terminate()
        said, _ = web.communicate(timeout=40)
    assert web.returncode == 0, said
    assert run(image, ours, *HEALTH_CHECK).returncode == 1
    assert json.loads(run(image, ours, "deploy/docker/entrypoint.sh", "scim_key", "list", "--json").stdout) == {
        "keys": []
    }


def run(image: Path, ours: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*CONTAINED, *command], cwd=image, env=ours, capture_output=True, text=True, check=False)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
