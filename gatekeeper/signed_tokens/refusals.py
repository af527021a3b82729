"""Why a signed token is not believed."""

from enum import StrEnum
from typing import Any


class TokenRefused(Exception):
    """``check`` is the stable name of the check that failed.

    ``reason`` is a code, a ``TokenReason`` or one of the caller's own, with the parameters of its text.
    """

    def __init__(self, check: str, reason: StrEnum, **parameters: Any) -> None:
        super().__init__(check, reason, parameters)
        self.check = check
        self.reason = reason
        self.parameters = parameters
