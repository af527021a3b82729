"""What deploy/ names exists: variables that the settings read and a document explains, and commands of manage.py."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.deploy.programs import DEPLOY, ROOT

# Read by the entry point of the image, by compose and Caddy, or by Python itself.
OF_DEPLOY_ONLY = {"SITE_HOST", "UPSTREAM", "GATEKEEPER_IMAGE", "SECRETS_DIR", "EXTRAS"}
OF_OTHERS = {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHON", "POSTGRES_PASSWORD"}
SETS = (
    re.compile(r"^\s*(?:ENV |- |Environment=)?([A-Z][A-Z_]{3,})[:=](?: |$|\S)", re.MULTILINE),
    re.compile(r"\$\{?([A-Z][A-Z_]{3,})"),
    re.compile(r"(?<=[ =])([A-Z][A-Z_]{3,})=\S+"),
)
READ = re.compile(r"environment\.\w+\(\s*\"([A-Z_]+)\"")
COMMANDS = re.compile(r"(?:manage\.py|entrypoint\.sh) ([a-z]\w+)(?![\w./])")
PROCESSES = {"web", "worker", "beat", "migrate"}


def texts() -> Iterator[tuple[str, str]]:
    for path in sorted(
        [*DEPLOY.rglob("*"), *(ROOT / "docs").glob("operating*"), *(ROOT / "docs/operating").glob("*.md")]
    ):
        if path.is_file():
            yield str(path.relative_to(ROOT)), path.read_text()


def without_comments(text: str) -> str:
    return re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)


def variables() -> set[str]:
    found = [without_comments(text) for name, text in texts() if name.startswith("deploy/")]
    named = {variable for text in found for pattern in SETS for variable in pattern.findall(text)}
    return {name for name in named if not name.startswith(("POSTGRES_", "WEB_PORT")) and name not in OF_OTHERS}


def test_each_variable_is_read_by_the_settings_and_explained():
    read = set(READ.findall((ROOT / "gatekeeper" / "settings.py").read_text()))
    named = variables()

    assert {"PUBLIC_URL", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "METRICS_TOKEN", "LOG_FORMAT"} <= named
    assert named - read - OF_DEPLOY_ONLY == set()
    configuration = (ROOT / "docs" / "configuration.md").read_text()
    install = "".join(path.read_text() for path in (ROOT / "docs" / "operating").glob("*.md")) + "".join(
        (DEPLOY / "caddy" / "Caddyfile").read_text()
    )
    assert {name for name in named & read if f"`{name}`" not in configuration} == set()
    assert {name for name in named & OF_DEPLOY_ONLY if name not in install} == set()


def test_each_variable_that_the_settings_read_is_explained():
    read = set(READ.findall((ROOT / "gatekeeper" / "settings.py").read_text()))
    configuration = (ROOT / "docs" / "configuration.md").read_text()

    assert {name for name in read if f"`{name}`" not in configuration} == set()


@pytest.mark.parametrize(("name", "text"), [*texts()], ids=[name for name, _ in texts()])
def test_each_command_exists(name: str, text: str):
    assert set(COMMANDS.findall(text)) - set(get_commands()) - PROCESSES == set()


@pytest.mark.parametrize("path", sorted(DEPLOY.rglob("*.sh")), ids=lambda path: Path(path).name)
def test_scripts_can_be_run(path: Path):
    assert path.stat().st_mode & 0o111
