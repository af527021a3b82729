"""A wrong environment value stops every process with one line that names the variable, and no traceback."""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gatekeeper.runtime import environment
from gatekeeper.runtime.environment import BadEnvironment

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

WRONG = [
    ("PORT", "eighty"),
    ("PORT", "0"),
    ("PORT", "65536"),
    ("PORT", "٣"),
    ("HOST", "two words"),
    ("DEBUG", "perhaps"),
    ("PUBLIC_URL", "gatekeeper.example.com"),
    ("PUBLIC_URL", "https://gatekeeper.example.com/path"),
    ("PUBLIC_URL", "https://user@gatekeeper.example.com"),
    ("PUBLIC_URL", "https://gatekeeper.example.com:port"),
    ("PUBLIC_URL", "ftp://gatekeeper.example.com"),
    ("ALLOWED_HOSTS", "https://gatekeeper.example.com"),
    ("TIME_ZONE", "Mars/Olympus"),
    ("DATABASE_URL", "mysql://root@localhost/gatekeeper"),
    ("DATABASE_URL", "postgres://me:hunter2@localhost:port/gatekeeper"),
    ("DATABASE_URL", "nonsense"),
    ("REDIS_URL", "http://localhost"),
    ("REDIS_URL", "redis://localhost:6379/first"),
    ("SECRET_KEY", "too short"),
    ("LOG_FORMAT", "xml"),
    ("DATA_DIR", "/dev/null/folder"),
    ("METRICS_TOKEN", "too short"),
    ("METRICS_TOKEN", "long enough but with blanks"),
    ("SECURITY_CONTACT", "call me"),
    ("EMAIL_HOST", "mail example"),
    ("EMAIL_SECURITY", "maybe"),
    ("EMAIL_FROM", "nobody"),
    ("EMAIL_PASSWORD", "without a user"),
    ("SECURITY_CONTACT", "javascript:alert(1)"),
    ("SECURITY_CONTACT", "security@example.com, http://example.com"),
    ("SESSION_MAX_HOURS", "0"),
    ("SESSION_MAX_HOURS", "721"),
    ("SESSION_MAX_HOURS", "12.5"),
    ("SESSION_MAX_HOURS", "-1"),
    ("SESSION_MAX_HOURS", "twelve"),
    ("SESSION_IDLE_MINUTES", "-5"),
    ("SESSION_IDLE_MINUTES", "1h"),
    ("SESSION_IDLE_MINUTES", "43201"),
    ("SESSION_IDLE_MINUTES", "６０"),
    ("HSTS_INCLUDE_SUBDOMAINS", "sometimes"),
    ("WEB_WORKERS", "0"),
    ("WEB_WORKERS", "65"),
    ("WEB_THREADS", "four"),
    ("WEB_DRAIN_SECONDS", "61"),
]


def run(command: list[str], tmp_path: Path, given: str = "", **values: str) -> subprocess.CompletedProcess[str]:
    ours = {**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "gatekeeper.settings", **values}
    return subprocess.run(
        command, cwd=ROOT, env=ours, input=given, capture_output=True, text=True, timeout=120, check=False
    )


# Reads the settings anew with each wrong value, in one process, and prints what would stop the start.
TRY_EACH = """
import json, os, sys
for name, value in json.load(sys.stdin):
    before = os.environ.get(name)
    os.environ[name] = value
    sys.modules.pop("gatekeeper.settings", None)
    try:
        import gatekeeper.settings
    except SystemExit as stop:
        print(json.dumps(stop.code))
    else:
        print(json.dumps(None))
    if before is None: del os.environ[name]
    else: os.environ[name] = before
"""


def test_a_wrong_value_stops_the_start_with_one_line_that_names_the_variable(tmp_path):
    done = run([sys.executable, "-c", TRY_EACH], tmp_path, given=json.dumps(WRONG))

    reasons = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reasons) == len(WRONG), done.stderr
    for (name, value), reason in zip(WRONG, reasons, strict=True):
        assert reason is not None, f"{name}={value} was accepted"
        assert reason.startswith(f"{name} ")
        assert "\n" not in reason
        assert "hunter2" not in reason


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "manage.py", "check"],
        [sys.executable, "manage.py", "start"],
        [str(BIN / "gunicorn"), "gatekeeper.wsgi"],
        [str(BIN / "celery"), "--app", "gatekeeper", "worker"],
        [str(BIN / "celery"), "--app", "gatekeeper", "beat"],
    ],
    ids=["manage.py check", "manage.py start", "gunicorn", "celery worker", "celery beat"],
)
def test_every_process_stops_at_a_wrong_value_without_a_traceback(command, tmp_path):
    done = run(command, tmp_path, TIME_ZONE="Mars/Olympus")

    assert done.returncode == 1
    assert done.stderr.splitlines() == ["TIME_ZONE must be a time zone such as Europe/Helsinki, not 'Mars/Olympus'."]


def test_an_empty_value_counts_as_not_set(monkeypatch):
    monkeypatch.setenv("PORT", " ")

    assert environment.integer("PORT", default=8000, lowest=1, highest=65535) == 8000


def test_an_origin_loses_its_trailing_slash_and_keeps_its_port(monkeypatch):
    monkeypatch.setenv("PUBLIC_URL", "https://Gatekeeper.Example.com:8443/")

    assert environment.origin("PUBLIC_URL", default="") == "https://gatekeeper.example.com:8443"


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    file = tmp_path / "secret_key"

    first = environment.secret("SECRET_KEY", stored_in=file)

    assert environment.secret("SECRET_KEY", stored_in=file) == first
    assert len(first) > 60
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_one_secret(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY", raising=False)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: environment.secret("SECRET_KEY", stored_in=tmp_path / "key"), range(32)))

    assert len(set(made)) == 1


def test_a_secret_file_without_a_secret_is_named(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.setattr(environment, "SECRET_WAIT", 0.1)
    (tmp_path / "key").write_text("")

    with pytest.raises(BadEnvironment, match=r"SECRET_KEY is not set and .* holds no secret"):
        environment.secret("SECRET_KEY", stored_in=tmp_path / "key")


ALLOWED = """
import json
from gatekeeper import settings
print(json.dumps([settings.ALLOWED_HOSTS, settings.SECURITY_CONTACT]))
"""


@pytest.mark.parametrize(
    ("public_url", "hosts"),
    [
        ("http://127.0.0.1:8000", ["127.0.0.1", "[::1]", "localhost"]),
        ("http://localhost:8000", ["127.0.0.1", "[::1]", "localhost"]),
        ("https://gk.example.com", ["gk.example.com"]),
        ("http://192.0.2.7:8000", ["192.0.2.7"]),
    ],
)
def test_names_of_this_machine_are_answered_only_where_the_site_is_not_public(tmp_path, public_url, hosts):
    done = run([sys.executable, "-c", ALLOWED], tmp_path, PUBLIC_URL=public_url, SECURITY_CONTACT="me@example.com")

    assert json.loads(done.stdout) == [hosts, ["mailto:me@example.com"]], done.stderr


def test_the_sqlite_file_is_private_whatever_the_folder_and_its_journals_too(tmp_path):
    tmp_path.chmod(0o755)
    file = tmp_path / "own.sqlite3"
    making = "from django.db import connection as c; c.cursor().execute('CREATE TABLE t (i)'); "
    looking = f"import glob, os; print([oct(os.stat(f).st_mode & 0o777) for f in sorted(glob.glob('{file}*'))])"
    code = f"import django; django.setup(); {making}{looking}"

    done = run([sys.executable, "-c", code], tmp_path, DATABASE_URL=f"sqlite:///{file}")

    assert "0o600" in done.stdout, done.stderr
    assert "0o644" not in done.stdout


@pytest.mark.parametrize(
    ("variables", "allowed", "is_said"),
    [
        ({}, False, False),
        ({"ALLOW_PRIVATE_ADDRESSES": "true"}, True, False),
        ({"SAML_ALLOW_PRIVATE_ADDRESSES": "true"}, True, True),
        ({"SAML_ALLOW_PRIVATE_ADDRESSES": "true", "ALLOW_PRIVATE_ADDRESSES": "false"}, False, False),
    ],
)
def test_a_variable_s_former_name_is_read_while_the_new_one_is_not_set_and_the_log_says_so(
    tmp_path, variables, allowed, is_said
):
    code = "import django; django.setup(); from django.conf import settings; print(settings.ALLOW_PRIVATE_ADDRESSES)"
    environment = {**os.environ, "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "gatekeeper.settings"}

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == f"{allowed}\n"
    assert ("environment_variable_renamed" in done.stderr) is is_said
