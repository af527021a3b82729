"""What the identity providers here share: a process on a free port, and https under the name of another site."""

import contextlib
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.saml.keys import tls_pair
from tests.site import wait_until


@contextmanager
def running(command: list[str], *, folder: Path, port: int, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a web server until the block ends; what it writes goes into ``folder``."""
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            wait_until(lambda: _answers(port), seconds=60, what=f"the start of {command[0]}")
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # PHP lets its workers finish what they do not do
            process.wait(20)


def _answers(port: int) -> bool:
    try:
        return bool(httpx.get(f"http://127.0.0.1:{port}/", timeout=5).status_code)
    except httpx.TransportError:
        return False


@contextmanager
def https_in_front_of(port: int, host: str) -> Iterator[str]:
    """The same server over https, under a name that Chromium resolves to this machine; yields the origin."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pair = tls_pair(host)
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        Path(file.name).write_bytes(pair.key_pem + pair.certificate_pem)
        context.load_cert_chain(file.name)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the listener was closed
            threading.Thread(target=_carry, args=(context, connection, port), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"https://{host}:{listener.getsockname()[1]}"
    finally:
        listener.close()


def _carry(context: ssl.SSLContext, connection: socket.socket, port: int) -> None:
    """One connection, both ways, until either side ends it."""
    with (
        contextlib.suppress(OSError),
        connection,
        context.wrap_socket(connection, server_side=True) as near,
        socket.create_connection(("127.0.0.1", port)) as far,
    ):
        back = threading.Thread(target=_copy, args=(far, near), daemon=True)
        back.start()
        _copy(near, far)
        back.join(30)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
