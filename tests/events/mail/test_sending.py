"""Messages to a real SMTP server: what arrives, and what is said where nothing does."""

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest

from gatekeeper.events.mail import backend, sending
from gatekeeper.events.mail.problems import MailProblem, problem_text
from gatekeeper.events.mail.trial import send_test
from gatekeeper.events.models import MailMessage, MailRecipient, MailState
from tests.builders import ADMIN
from tests.events.mail.conftest import use
from tests.events.mail.smtp import HOST, PASSWORD, USER, Mailbox, certificate, smtp_server

pytestmark = pytest.mark.django_db


def tried(recipient: MailRecipient) -> MailMessage:
    return send_test(recipient.pk, actor=ADMIN)


def said(message: MailMessage) -> str:
    return problem_text(message.problem, message.parameters)


def test_a_message_has_plain_text_and_html_and_says_that_nobody_wrote_it(
    mailbox: Mailbox, recipient: MailRecipient
) -> None:
    test = tried(recipient)

    (got,) = mailbox.got
    assert (test.state, test.problem) == (MailState.SENT, "")
    assert got["To"] == "ops@example.com"
    assert got["From"] == "Gatekeeper <gatekeeper@site.example>"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Message-ID"] == f"<{test.message_id}@site.example>"
    plain, html = got.iter_parts()
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for part in (plain, html):
        assert "This is a test." in part.get_content()


@pytest.mark.parametrize("starttls", [True, False])
def test_it_is_sent_encrypted_with_a_sign_in(
    settings: Any, recipient: MailRecipient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, starttls: bool
) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    account = {"EMAIL_HOST_USER": USER, "EMAIL_HOST_PASSWORD": PASSWORD}
    with smtp_server(tls=context, starttls=starttls, sign_in=starttls) as server:
        use(settings, server, EMAIL_USE_TLS=starttls, EMAIL_USE_SSL=not starttls, **(account if starttls else {}))
        test = tried(recipient)
        assert (test.problem, len(server.mailbox.got)) == ("", 1)


def test_a_certificate_that_nobody_trusts_is_refused(settings: Any, recipient: MailRecipient, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    with smtp_server(tls=context, starttls=True) as server:
        use(settings, server, EMAIL_USE_TLS=True)
        test = tried(recipient)

    assert test.problem == MailProblem.TLS_NOT_TRUSTED
    assert said(test).startswith("the certificate of the mail server is not trusted: self")
    assert server.mailbox.got == []


def test_without_starttls_nothing_is_sent_in_clear(settings: Any, recipient: MailRecipient) -> None:
    with smtp_server() as server:
        use(settings, server, EMAIL_USE_TLS=True)
        test = tried(recipient)

    assert (test.problem, server.mailbox.got) == (MailProblem.NO_STARTTLS, [])
    assert "does not offer STARTTLS" in said(test)


def test_a_server_that_speaks_no_tls_from_the_first_byte_is_said_to(settings: Any, recipient: MailRecipient) -> None:
    with smtp_server() as server:
        use(settings, server, EMAIL_USE_SSL=True)
        test = tried(recipient)

    assert test.problem == MailProblem.TLS_FAILED
    assert "EMAIL_SECURITY" in said(test)


def test_a_sign_in_that_is_refused_is_said_without_the_password(
    settings: Any, recipient: MailRecipient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    context, trusted = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with smtp_server(tls=context, starttls=True, sign_in=True) as server:
        use(settings, server, EMAIL_USE_TLS=True, EMAIL_HOST_USER=USER, EMAIL_HOST_PASSWORD="wrong-secret")
        test = tried(recipient)

    assert test.problem == MailProblem.SIGN_IN_REFUSED
    assert "the mail server refused EMAIL_USER and EMAIL_PASSWORD: 535" in said(test)
    assert "wrong-secret" not in caplog.text + str(test.parameters)


def test_nobody_listens(settings: Any, recipient: MailRecipient) -> None:
    with smtp_server() as server:
        use(settings, server)
    assert tried(recipient).problem == MailProblem.NOTHING_LISTENS

    settings.EMAIL_HOST = "mail.invalid"
    test = tried(recipient)
    assert (test.problem, said(test)) == (MailProblem.HOST_NOT_FOUND, "the host mail.invalid was not found.")


def test_a_slow_server_is_waited_for_as_long_as_it_was_said(
    settings: Any, mailbox: Mailbox, recipient: MailRecipient
) -> None:
    settings.EMAIL_TIMEOUT, mailbox.pause = 0.2, 1.0

    assert tried(recipient).problem == MailProblem.TOO_SLOW


def test_a_server_that_drips_is_cut_off(
    settings: Any, recipient: MailRecipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (backend, sending):
        monkeypatch.setattr(module, "LONGEST", 0.5)
    listening = socket.create_server((HOST, 0))
    over = threading.Event()

    def drip() -> None:
        connection, _ = listening.accept()
        with connection:
            while not over.wait(0.1):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        settings.EMAIL_BACKEND = "gatekeeper.events.mail.backend.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, listening.getsockname()[1]
        settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = False, 5
        assert tried(recipient).problem == MailProblem.TOO_SLOW
    finally:
        over.set()
        thread.join()
        listening.close()


@pytest.mark.parametrize(
    ("where", "answer", "problem"),
    [
        ("rcpt", "550 5.1.1 no such mailbox", MailProblem.RECIPIENT_REFUSED),
        ("rcpt", "451 4.7.1 greylisted", MailProblem.NOT_NOW),
        ("data", "554 5.7.1 looks like junk", MailProblem.MESSAGE_REFUSED),
        ("data", "452 4.3.1 disk full", MailProblem.NOT_NOW),
    ],
)
def test_what_the_server_answers_is_said_in_words(
    mailbox: Mailbox, recipient: MailRecipient, where: str, answer: str, problem: MailProblem
) -> None:
    getattr(mailbox, where).append(answer)

    test = tried(recipient)

    assert (test.state, test.problem) == (MailState.FAILED, problem)
    assert answer in said(test)


def test_without_a_mail_server_a_test_says_what_is_missing(recipient: MailRecipient) -> None:
    assert said(tried(recipient)) == "no mail server is configured (EMAIL_HOST)."


def test_tls_is_verified() -> None:
    context = backend.Backend().ssl_context

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
