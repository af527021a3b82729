"""A token bucket as one number: the moment at which it is full again (the generic cell rate algorithm). Pure.

Every bucket holds five seconds' worth of its rate, so a changed rate leaves the number's meaning as it is.
"""

from typing import NamedTuple

DEFAULT_RATE = 1_000  # requests a second: it stops a runaway, never a provisioning job
LOWEST_RATE = 25  # that an administrator may set: Entra and IPSIE's profile ask for as many
BURST_SECONDS = 5.0
_ROUNDING = 0.001  # of a token: seconds since 1970 are exact to a quarter of a microsecond


class Taken(NamedTuple):
    """``tokens`` that were granted; where there was none, ``wait``: seconds until there is one again."""

    tokens: int
    wait: float


class Bucket(NamedTuple):
    """``full_at``: seconds, of the clock that ``now`` is read from."""

    full_at: float

    def take(self, *, now: float, rate: int, wanted: int) -> tuple["Bucket", Taken]:
        """Up to ``wanted`` tokens at ``rate`` a second; a clock that was set back costs five seconds at the most."""
        spacing = 1 / rate
        full_at = min(max(self.full_at, now), now + BURST_SECONDS)
        free = now + BURST_SECONDS - full_at
        granted = min(wanted, int(free * rate + _ROUNDING))
        if granted < 1:
            return Bucket(full_at), Taken(0, spacing - free)
        return Bucket(full_at + granted * spacing), Taken(granted, 0)
