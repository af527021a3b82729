"""How soon it is noticed that who is at the other end of a connection is gone, without a word, as a cable is cut.

A database that does not look keeps the locks of a host that is gone for two hours (Linux's default), and the other
hosts wait for them; a thread that waits for the answer of a database that is gone waits for a quarter of an hour.
"""

import socket
from typing import Final

IDLE: Final = 10  # seconds in which nothing came, until the other end is asked for a sign of life
INTERVAL: Final = 5  # seconds until it is asked again
COUNT: Final = 3  # questions without an answer
LOST_AFTER: Final = IDLE + INTERVAL * COUNT  # seconds; for what was sent and never confirmed as well

# libpq's parameters of a connection: when we give up the database.
TO_POSTGRESQL: Final = {
    "keepalives_idle": IDLE,
    "keepalives_interval": INTERVAL,
    "keepalives_count": COUNT,
    "tcp_user_timeout": LOST_AFTER * 1000,  # milliseconds
}
# The session's settings: when PostgreSQL gives us up, rolls back what we had begun and lets its locks go.
OF_SESSION: Final = (
    f"SET tcp_keepalives_idle = {IDLE}; SET tcp_keepalives_interval = {INTERVAL}; "
    f"SET tcp_keepalives_count = {COUNT}; SET tcp_user_timeout = {LOST_AFTER * 1000}"
)
_OPTIONS: Final = {
    "TCP_KEEPIDLE": IDLE,
    "TCP_KEEPINTVL": INTERVAL,
    "TCP_KEEPCNT": COUNT,
    "TCP_USER_TIMEOUT": LOST_AFTER * 1000,
}
# The broker's; not every system has each of them.
TO_REDIS: Final = {
    "socket_keepalive": True,
    "socket_keepalive_options": {
        getattr(socket, name): value for name, value in _OPTIONS.items() if hasattr(socket, name)
    },
}
