"""Django's SMTP backend, with a limit for the whole conversation.

Django's timeout holds for each answer; a server that drips one byte at a time keeps within it for ever.
"""

import smtplib
import socket
import threading
from contextlib import suppress
from typing import Any, Final

from django.core.mail.backends.smtp import EmailBackend

LONGEST: Final = 20.0  # seconds from the connection to the server's last answer


class _Limited(smtplib.SMTP):
    """Its socket is shut down when the time is over; whoever waits for an answer then gets none."""

    _timer: threading.Timer | None = None

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        made = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # smtplib's own place for it
        self._timer = threading.Timer(LONGEST, self._cut_off)
        self._timer.daemon = True
        self._timer.start()
        return made

    def _cut_off(self) -> None:
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """As smtplib does at the end of each conversation."""
        if self._timer is not None:
            self._timer.cancel()
        super().close()


class _LimitedOverTls(_Limited, smtplib.SMTP_SSL):
    """``SMTP_SSL`` comes second, so that its ``_get_socket`` makes the socket."""


class Backend(EmailBackend):
    """TLS is verified (``ssl.create_default_context``), and nothing goes on without it where it was asked for."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _LimitedOverTls if self.use_ssl else _Limited
