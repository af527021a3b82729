"""Receivers of SIEM streams, real ones: an HTTP server that takes OCSF, and syslog sockets over TCP, TLS and UDP."""

import json
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.events.webhooks.receiver import Receiver, receiving

__all__ = ["Receiver", "SyslogReceiver", "authority", "ocsf_events", "receiving", "syslog_over"]


def ocsf_events(receiver: Receiver) -> list[dict[str, Any]]:
    """Of all requests, in the order in which they came."""
    return [event for request in receiver.got for event in json.loads(request.body)]


@dataclass
class SyslogReceiver:
    """``reset_after``: bytes after which a connection is reset; ``keeps_open``: never closes its side."""

    scheme: str
    url: str = ""
    reset_after: int | None = None
    keeps_open: bool = False
    before: Callable[[], None] = lambda: None
    messages: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def positions(self) -> list[int]:
        return [int(found[1]) for found in (re.search(r' position="(\d+)"', each) for each in self.messages) if found]

    def take(self, connection: socket.socket) -> None:
        """Octet counting (RFC 6587 §3.4.1)."""
        self.connections += 1
        self.before()
        data = b""
        while piece := connection.recv(65_536):
            data += piece
            if self.reset_after is not None and len(data) > self.reset_after:
                self._take_whole(data)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
        rest = self._take_whole(data)
        assert not rest, rest
        if self.keeps_open:
            time.sleep(6)

    def _take_whole(self, data: bytes) -> bytes:
        while found := re.match(rb"(\d+) ", data):
            start, length = found.end(), int(found[1])
            if len(data) < start + length:
                break
            self.messages.append(data[start : start + length].decode())
            data = data[start + length :]
        return data


@contextmanager
def syslog_over(scheme: str, *, chain: Path | None = None, **options: Any) -> Iterator[SyslogReceiver]:
    """Listen on a free port. ``chain``: a file with the key and certificate of the TLS server."""
    receiver = SyslogReceiver(scheme, **options)
    kind = socket.SOCK_DGRAM if scheme == "udp" else socket.SOCK_STREAM
    listening = socket.socket(socket.AF_INET, kind)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    receiver.url = f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
    tls = None
    if chain:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(chain)
    ended = threading.Event()
    listening.settimeout(0.1)

    def serve() -> None:
        while not ended.is_set():
            with suppress(OSError):
                if scheme == "udp":
                    receiver.messages.append(listening.recv(65_536).decode())
                    continue
                connection, _ = listening.accept()
                connection.settimeout(10)
                with tls.wrap_socket(connection, server_side=True) if tls else connection as wrapped:
                    receiver.take(wrapped)

    if scheme != "udp":
        listening.listen()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        ended.set()
        thread.join(10)
        listening.close()


def authority(folder: Path) -> tuple[str, Path]:
    """An authority of one's own: its certificate in PEM, and a file with key and certificate of 127.0.0.1."""
    now = datetime.now(UTC)
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "SIEM")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + pem)
    return pem.decode(), folder / "server.pem"
