"""Bytes to an address that an administrator typed, over TCP, TLS or UDP: checked as ``exchange.py`` checks, and timed.

Syslog answers nothing. Over TCP and TLS the sender therefore closes its side when all is written, and waits until the
receiver closes the other: a receiver that reads to the end does so, and one that dies resets the connection. Over UDP
there is nothing to wait for but the refusal of a machine on which nothing listens.
"""

import array
import fcntl
import os
import socket
import ssl
import sys
import termios
import time
from collections.abc import Iterable
from contextlib import closing

from gatekeeper.outbound.name_resolution import checked_addresses
from gatekeeper.outbound.problems import FetchProblem, FetchRefused

TOTAL_SECONDS = 20.0  # for everything: names, connecting, TLS, writing
CLOSING_SECONDS = 3.0  # for the receiver to close its side
_AT_ONCE, _PAUSE = 50, 0.005  # datagrams and seconds: a burst overflows the buffer of whoever reads them
_REFUSAL_SECONDS = 0.05  # until a refusal of this network would be here
_READ_BYTES = 4096


def send_over_tcp(host: str, port: int, data: bytes, *, tls: ssl.SSLContext | None) -> None:
    """Write all of it, close, and wait for the receiver to close. Raises: FetchRefused."""
    deadline = time.monotonic() + TOTAL_SECONDS
    try:
        with (
            closing(_connected(host, port, deadline)) as plain,
            closing(tls.wrap_socket(plain, server_hostname=host) if tls else plain) as connection,
        ):
            connection.settimeout(_left(deadline))
            connection.sendall(data)
            _finish(connection)
    except OSError as error:
        raise _refused(error) from error


def send_datagrams(host: str, port: int, datagrams: Iterable[bytes]) -> None:
    """Each as a datagram of its own. Raises: FetchRefused, also where the answer is that nothing listens."""
    deadline = time.monotonic() + TOTAL_SECONDS
    address = checked_addresses(host, port, scheme="udp", seconds=_left(deadline))[0]
    try:
        with socket.socket(_family(address), socket.SOCK_DGRAM) as connection:
            connection.connect((address, port))  # so that a refusal reaches this socket
            for number, datagram in enumerate(datagrams, start=1):
                connection.send(datagram)
                if number % _AT_ONCE == 0:
                    time.sleep(_PAUSE)
                    _left(deadline)
            time.sleep(_REFUSAL_SECONDS)
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, os.strerror(code))  # of the class that belongs to the code
    except OSError as error:
        raise _refused(error) from error


def _connected(host: str, port: int, deadline: float) -> socket.socket:
    """To the first of the host's addresses that answers."""
    failure: OSError = ConnectionRefusedError()
    for address in checked_addresses(host, port, scheme="tcp", seconds=_left(deadline)):
        try:
            return socket.create_connection((address, port), timeout=_left(deadline))
        except OSError as error:
            failure = error
    raise failure


def _finish(connection: socket.socket) -> None:
    """End our side and read to the end of theirs. Raises: OSError when the receiver did not take everything."""
    connection.settimeout(CLOSING_SECONDS)
    try:
        if isinstance(connection, ssl.SSLSocket):
            connection = connection.unwrap()  # tells the receiver that nothing follows, and waits for its answer
        connection.shutdown(socket.SHUT_WR)
        ends = time.monotonic() + CLOSING_SECONDS
        while connection.recv(_READ_BYTES):
            if time.monotonic() > ends:
                break
    except TimeoutError:
        if _unacknowledged(connection):
            raise
    except ssl.SSLError:
        pass  # it closed without the farewell of TLS, as many do


def _unacknowledged(connection: socket.socket) -> int:
    """Bytes that the other machine has not confirmed yet; 0 where the system does not say."""
    if not sys.platform.startswith("linux"):
        return 0
    count = array.array("i", [0])
    fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, count)
    return count[0]


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise FetchRefused(FetchProblem.TOO_SLOW)
    return left


def _refused(error: OSError) -> FetchRefused:
    if isinstance(error, ssl.SSLCertVerificationError):
        return FetchRefused(FetchProblem.TLS_NOT_TRUSTED, detail=error.verify_message)
    if isinstance(error, ConnectionRefusedError):
        return FetchRefused(FetchProblem.NOTHING_LISTENS)
    if isinstance(error, TimeoutError):
        return FetchRefused(FetchProblem.TOO_SLOW)
    return FetchRefused(FetchProblem.NOT_READ, kind=type(error).__name__)
