"""Why a message was not sent: a code with parameters, which may be stored; its text is made when it is shown."""

import smtplib
import socket
import ssl
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.runtime.plain_text import visible
from gatekeeper.stored_texts import text_of_code

MOST_SAID = 300  # characters of a server's answer that are kept


class MailProblem(StrEnum):
    """The values are stored."""

    NOT_CONFIGURED = "not_configured"
    HOST_NOT_FOUND = "host_not_found"  # host
    NOTHING_LISTENS = "nothing_listens"  # host, port
    TOO_SLOW = "too_slow"
    NO_STARTTLS = "no_starttls"
    TLS_NOT_TRUSTED = "tls_not_trusted"  # detail: OpenSSL's message
    TLS_FAILED = "tls_failed"  # detail
    SIGN_IN_REFUSED = "sign_in_refused"  # answer
    NO_SIGN_IN = "no_sign_in"
    SENDER_REFUSED = "sender_refused"  # answer
    RECIPIENT_REFUSED = "recipient_refused"  # answer
    MESSAGE_REFUSED = "message_refused"  # answer
    NOT_NOW = "not_now"  # answer: a temporary one, to whatever was asked
    SERVER_REFUSED = "server_refused"  # answer
    BROKEN_OFF = "broken_off"
    NOT_SENT = "not_sent"  # kind: the exception's class
    WORKER_LOST = "worker_lost"


TEXTS: Final[Mapping[MailProblem, Promise]] = {
    MailProblem.NOT_CONFIGURED: _("no mail server is configured (EMAIL_HOST)."),
    MailProblem.HOST_NOT_FOUND: _("the host %(host)s was not found."),
    MailProblem.NOTHING_LISTENS: _("%(host)s cannot be reached at port %(port)s, or nothing listens there."),
    MailProblem.TOO_SLOW: _("the mail server took too long to answer."),
    MailProblem.NO_STARTTLS: _("the mail server does not offer STARTTLS; nothing was sent in clear."),
    MailProblem.TLS_NOT_TRUSTED: _("the certificate of the mail server is not trusted: %(detail)s."),
    MailProblem.TLS_FAILED: _(
        "no encrypted connection came about (%(detail)s); look at EMAIL_PORT and EMAIL_SECURITY."
    ),
    MailProblem.SIGN_IN_REFUSED: _("the mail server refused EMAIL_USER and EMAIL_PASSWORD: %(answer)s"),
    MailProblem.NO_SIGN_IN: _("the mail server offers no way to sign in that is known here."),
    MailProblem.SENDER_REFUSED: _("the mail server refused the sender (EMAIL_FROM): %(answer)s"),
    MailProblem.RECIPIENT_REFUSED: _("the mail server refused the recipient: %(answer)s"),
    MailProblem.MESSAGE_REFUSED: _("the mail server refused the message: %(answer)s"),
    MailProblem.NOT_NOW: _("the mail server does not take it now: %(answer)s"),
    MailProblem.SERVER_REFUSED: _("the mail server refused: %(answer)s"),
    MailProblem.BROKEN_OFF: _("the mail server ended the connection."),
    MailProblem.NOT_SENT: _("the message was not sent (%(kind)s); the log has the whole of it."),
    MailProblem.WORKER_LOST: _("the worker that sent it ended before it could say what came of it."),
}
# A refusal of this message, or of its recipient, for good.
FOR_GOOD: Final = frozenset({MailProblem.RECIPIENT_REFUSED, MailProblem.MESSAGE_REFUSED})
# What concerns one message; everything else is trouble with the server, and with every message.
OF_ONE_MESSAGE: Final = FOR_GOOD | {MailProblem.NOT_NOW, MailProblem.NOT_SENT}


def problem_text(problem: str, parameters: Mapping[str, Any]) -> str:
    """The sentence that the delivery log shows; "" where there was no problem."""
    return text_of_code(TEXTS, problem, parameters) if problem else ""


def problem_of(error: Exception, *, host: str, port: int, was_cut_off: bool) -> tuple[MailProblem, dict[str, Any]]:
    """What an attempt ended with, as a code with its parameters. ``was_cut_off``: the time for it was over."""
    # smtplib says of a timeout that the connection was closed, and has the timeout as its context.
    if was_cut_off or isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return MailProblem.TOO_SLOW, {}
    if isinstance(error, smtplib.SMTPException):
        return _of_the_protocol(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return MailProblem.TLS_NOT_TRUSTED, {"detail": visible(error.verify_message)}
    if isinstance(error, ssl.SSLError):
        return MailProblem.TLS_FAILED, {"detail": visible(error.reason or type(error).__name__)}
    if isinstance(error, socket.gaierror):
        return MailProblem.HOST_NOT_FOUND, {"host": host}
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return MailProblem.BROKEN_OFF, {}
    if isinstance(error, OSError):
        return MailProblem.NOTHING_LISTENS, {"host": host, "port": port}
    return MailProblem.NOT_SENT, {"kind": type(error).__name__}


def _of_the_protocol(error: smtplib.SMTPException) -> tuple[MailProblem, dict[str, Any]]:
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return MailProblem.BROKEN_OFF, {}
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()), (550, b""))
        return _refusal(MailProblem.RECIPIENT_REFUSED, code, said)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return (MailProblem.NO_SIGN_IN if "AUTH" in str(error) else MailProblem.NO_STARTTLS), {}
    if isinstance(error, smtplib.SMTPResponseException):
        kinds: dict[type[smtplib.SMTPResponseException], MailProblem] = {
            smtplib.SMTPAuthenticationError: MailProblem.SIGN_IN_REFUSED,
            smtplib.SMTPSenderRefused: MailProblem.SENDER_REFUSED,
            smtplib.SMTPDataError: MailProblem.MESSAGE_REFUSED,
        }
        return _refusal(kinds.get(type(error), MailProblem.SERVER_REFUSED), error.smtp_code, error.smtp_error)
    return MailProblem.NO_SIGN_IN, {}  # "No suitable authentication method found."


def _refusal(problem: MailProblem, code: int, said: bytes | str) -> tuple[MailProblem, dict[str, Any]]:
    """RFC 5321 §4.2.1: 4xx is for now, 5xx is for good. What the server said is shown as one line."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    answer = visible(" ".join(f"{code} {text}".split()))[:MOST_SAID]
    return (MailProblem.NOT_NOW if 400 <= code < 500 else problem), {"answer": answer}
