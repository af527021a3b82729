"""Why a signed token is not believed."""


class TokenRefused(Exception):
    """``check`` is the stable name of the check that failed; ``reason`` is one sentence for administrators and logs."""

    def __init__(self, check: str, reason: str) -> None:
        super().__init__(f"{check}: {reason}")
        self.check = check
        self.reason = reason
