"""A real SMTP server for tests (aiosmtpd): it keeps what it takes, and refuses what it is asked to refuse."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.utils import timezone

from tests.site import free_port

HOST = "127.0.0.1"
USER, PASSWORD = "gatekeeper", "a secret of the mail server"


class Mailbox:
    """The server's handler. ``rcpt`` and ``data``: answers to the next commands, in order; without one it is 250."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.rcpt: list[str] = []
        self.data: list[str] = []
        self.pause = 0.0  # seconds before DATA is answered
        self.refused: set[str] = set()  # addresses, for good

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.pause)
        if self.data:
            return self.data.pop(0)
        content = envelope.content
        assert isinstance(content, bytes)
        self.got.append(message_from_bytes(content, policy=default))  # type: ignore[arg-type]
        return "250 taken"

    @property
    def subjects(self) -> list[str]:
        return [str(each["Subject"]) for each in self.got]


class Server:
    """Where it listens, and what it has taken."""

    def __init__(self, port: int, mailbox: Mailbox) -> None:
        self.port, self.mailbox = port, mailbox


@contextmanager
def smtp_server(
    *, tls: ssl.SSLContext | None = None, starttls: bool = False, sign_in: bool = False
) -> Iterator[Server]:
    """Serve until the block ends. ``tls``: its certificate, from the first byte on or, with ``starttls``, later."""
    mailbox = Mailbox()
    options: dict[str, Any] = {}
    if sign_in:
        options.update(authenticator=_authenticate, auth_required=True, auth_require_tls=tls is not None)
    if starttls:
        options.update(tls_context=tls, require_starttls=True)
    elif tls is not None:
        options.update(ssl_context=tls)
    controller = Controller(mailbox, hostname=HOST, port=free_port(), ready_timeout=10, **options)
    controller.start()
    try:
        yield Server(controller.port, mailbox)
    finally:
        controller.stop()


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
) -> AuthResult:
    is_right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=False)


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate for 127.0.0.1, as the server has it, and the file for those who are to trust it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), timezone.now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=9))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    trusted, whole = folder / "trusted.pem", folder / "server.pem"
    trusted.write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    whole.write_bytes(private + made.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(whole)
    return context, trusted
