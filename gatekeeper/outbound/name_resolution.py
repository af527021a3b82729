"""The addresses of a host, looked up within a time limit and checked before anything is sent to one of them."""

import ipaddress
import socket
import threading
from contextlib import suppress

from gatekeeper.outbound.problems import FetchProblem, FetchRefused
from gatekeeper.outbound.public_addresses import is_allowed, is_cloud_metadata_name


def checked_addresses(host: str, port: int, *, scheme: str, seconds: float) -> list[str]:
    """All addresses of ``host``: all of them have to be allowed, or none is used.

    http is for this machine only, whatever its name. Raises: FetchRefused.
    """
    addresses = [] if is_cloud_metadata_name(host) else _resolve(host, port, seconds)
    if not addresses or not all(is_allowed(address) for address in addresses):
        raise FetchRefused(FetchProblem.HOST_NOT_PUBLIC, host=host)
    if scheme == "http" and not all(_is_loopback(address) for address in addresses):
        raise FetchRefused(FetchProblem.NO_HTTPS)
    return addresses


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def _resolve(host: str, port: int, seconds: float) -> list[str]:
    """The resolver knows no time limit: where it takes too long, it is left behind in a thread of its own."""
    found: list[str] = []

    def look_up() -> None:
        with suppress(OSError, ValueError):  # not found, or a name that is none
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(each[4][0]) for each in answers))

    thread = threading.Thread(target=look_up, name="name-resolution", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise FetchRefused(FetchProblem.TOO_SLOW)
    if not found:
        raise FetchRefused(FetchProblem.HOST_NOT_FOUND, host=host)
    return found
