"""Where this site answers: at PUBLIC_URL when it runs, else on a port of this machine, by a server of the run's own."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.conf import settings

from conformance.http.connection import Connection, Target
from conformance.http.signals import undisturbed
from conformance.self_test.ports import free_port
from entra_client.protocol.transport import NoAnswer, Request
from scim.protocol.addresses import BASE_PATH, scim_url

SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 10.0
_PROBE = Request(method="GET", path="/Users", query="count=0")


class NoServer(Exception):
    """The web server of the run's own did not start; the text says why."""


@contextmanager
def where_it_answers(api_key: str) -> Iterator[str]:
    """Yield a SCIM base URL where this site answers. Raises: NoServer."""
    if _accepts(scim_url(), api_key):
        yield scim_url()
        return
    with _web_server() as origin:
        yield f"{origin}{BASE_PATH}"


def _accepts(base_url: str, api_key: str) -> bool:
    """Whether the server there knows this site's key: another site or none does not."""
    connection = Connection(Target(base_url), "gatekeeper-conformance (start)", seconds=5.0)
    connection.authorization = f"Bearer {api_key}"
    try:
        return connection.send(_PROBE, patient=False).status == 200
    except NoAnswer:
        return False
    finally:
        connection.close()


@contextmanager
def _web_server() -> Iterator[str]:
    """A web server with this site's settings, on a free port of this machine, until the end."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": origin,
        "DATA_DIR": str(settings.DATA_DIR),
        # Those of the site name its own host only.
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    command = [sys.executable, "-m", "gunicorn", "gatekeeper.wsgi"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 -- our own server
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the run, which stops it after it has deleted what it made
        )
        try:
            _wait(process, log, origin)
            yield origin
        finally:
            with undisturbed():
                _stop(process)


def _is_alive(process: subprocess.Popen[bytes], log: IO[bytes], origin: str) -> bool:
    """Whether the server answers. Raises: NoServer when it has ended."""
    if process.poll() is not None:
        log.seek(0)
        lines = log.read().decode(errors="replace").strip().splitlines()
        raise NoServer(f"The web server for the self-test ended with {process.returncode}: {(lines or [''])[-1]}")
    try:
        with socket.create_connection(("127.0.0.1", int(origin.rpartition(":")[2])), timeout=1.0):
            return True
    except OSError:
        return False


def _wait(process: subprocess.Popen[bytes], log: IO[bytes], origin: str) -> None:
    ends = time.monotonic() + SECONDS_TO_START
    while not _is_alive(process, log, origin):
        if time.monotonic() > ends:
            raise NoServer(f"The web server for the self-test did not answer within {SECONDS_TO_START:.0f} seconds.")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(SECONDS_TO_STOP)
