"""A port of this machine that nobody listens on."""

import socket


def free_port() -> int:
    """As the operating system chooses it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
