"""How many audit entries a second of processor time are sent to a SIEM, as OCSF over HTTP and as syslog over TCP.

    .venv/bin/python -m bench.audit_stream 20000

In a database of its own beside the one of DATABASE_URL, which is dropped afterwards. The receivers are real and in
processes of their own, so that what is counted is the sender's, and on PostgreSQL its backend's.
"""

import multiprocessing
import os
import socket
import sys
import tempfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="gatekeeper-bench-"))

import django

django.setup()

from django.db import connection  # noqa: E402

from bench.own_database import own_database  # noqa: E402
from bench.processor import processor_seconds  # noqa: E402
from gatekeeper.audit.actor import Actor  # noqa: E402
from gatekeeper.audit.chain.links import link_new_entries  # noqa: E402
from gatekeeper.audit.events import Event  # noqa: E402
from gatekeeper.audit.log import Subject, record_many  # noqa: E402
from gatekeeper.audit.stream.delivery import send_to  # noqa: E402
from gatekeeper.audit.stream.progress import stream_progress  # noqa: E402
from gatekeeper.audit.stream.streams import Wanted, create_stream, delete_stream  # noqa: E402

ACTOR = Actor.scim_key("2f3c", "Entra", request_id="7e1c")
AFTER = {"user_name": "ada.lovelace@example.com", "display_name": "Ada Lovelace", "active": True, "title": "Analyst"}


class _Discards(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


def http(port: Connection) -> None:
    """Accept whatever is posted."""
    server = HTTPServer(("127.0.0.1", 0), _Discards)
    port.send(server.server_address[1])
    server.serve_forever()


def syslog(port: Connection) -> None:
    """Read each connection to its end."""
    listening = socket.create_server(("127.0.0.1", 0))
    port.send(listening.getsockname()[1])
    while True:
        accepted, _ = listening.accept()
        with accepted:
            while accepted.recv(1 << 20):
                pass


def main() -> None:
    """Write, link, and send to each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    with own_database("audit_stream"):
        subjects = (Subject(object_id=number, label="ada.lovelace@example.com", after=AFTER) for number in range(count))
        record_many(Event.USER_CHANGED, subjects, actor=ACTOR, kind="user")
        link_new_entries()
        for scheme, serve in (("http", http), ("tcp", syslog)):
            ours, theirs = multiprocessing.Pipe()
            process = multiprocessing.get_context("fork").Process(target=serve, args=(theirs,), daemon=True)
            connection.close()  # or the receiver would share it
            process.start()
            stream = create_stream(
                Wanted(name=scheme, url=f"{scheme}://127.0.0.1:{ours.recv()}"), from_beginning=True, actor=ACTOR
            )
            before = sum(processor_seconds())
            while any(each.behind for each in stream_progress()):
                send_to(stream.pk)
            seconds = sum(processor_seconds()) - before
            delete_stream(stream.pk, actor=ACTOR)
            process.terminate()
            print(f"| {scheme} | {connection.vendor} | {count / seconds:,.0f} | {seconds / count * 1000:.3f} |")


if __name__ == "__main__":
    main()
