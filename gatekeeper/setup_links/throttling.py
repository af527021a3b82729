"""Too many tokens that are none of ours, and too much metadata read for one link. What is right is never limited."""

from scim.rate_limits.limiter import limiter

_A_SECOND = 1  # with bursts of five, right across processes


def seconds_after_wrong_token(address: str) -> int:
    """Count one token that opens nothing; how long this address has to wait, 0 when it need not."""
    return limiter.seconds_to_wait(f"set-up token from {address}", _A_SECOND)


def seconds_before_metadata(link_id: object) -> int:
    """Count one reading of metadata for a link; how long its bearer has to wait before it, 0 when they need not."""
    return limiter.seconds_to_wait(f"set-up metadata of {link_id}", _A_SECOND)
