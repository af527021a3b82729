"""What has to be signed in a response for its assertion to be believed."""

from enum import Enum, auto


class Signing(Enum):
    """``ASSERTION``: the assertion itself, as by default. ``RESPONSE``: the Response will do at this connection.

    ``VERIFIED``: it will do, and its signature was verified already, over the bytes that were received.
    """

    ASSERTION = auto()
    RESPONSE = auto()
    VERIFIED = auto()
