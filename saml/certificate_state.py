"""The state of a certificate at a moment: its phase, the days left, and the warning that is due. Reads no database."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.secrets.expiry_steps import EXPIRED, step_due


class Dated(Protocol):
    """Anything with the two dates of an X.509 certificate."""

    @property
    def not_before(self) -> datetime: ...
    @property
    def not_after(self) -> datetime: ...


D = TypeVar("D", bound=Dated)


class Phase(StrEnum):
    NOT_YET = "not valid yet"
    VALID = "valid"
    ENDING = "ending"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CertificateState:
    """A certificate's phase. ``days``: whole days until it ends, since it ended, or until it begins, as ``phase`` says.

    ``step`` is the last warning that has come due: 30, 7 or 1, 0 when it has expired, None when none has.
    """

    phase: Phase
    days: int
    step: int | None

    @property
    def text(self) -> str:
        """For a badge: 7 days left; expired 3 days ago; not valid yet, begins in 2 days."""
        if self.phase is Phase.EXPIRED:
            return _ago(self.days) if self.days else _("expired today")
        if self.phase is Phase.NOT_YET:
            return _begins_in(self.days) if self.days else _("not valid yet, begins within a day")
        return _left(self.days) if self.days else _("less than a day left")


def certificate_state(certificate: Dated, now: datetime) -> CertificateState:
    """The state of a certificate at a moment."""
    if now >= certificate.not_after:
        return CertificateState(Phase.EXPIRED, (now - certificate.not_after).days, EXPIRED)
    left = certificate.not_after - now
    step = step_due(certificate.not_after, now)
    if now < certificate.not_before:
        return CertificateState(Phase.NOT_YET, (certificate.not_before - now).days, step)
    return CertificateState(Phase.VALID if step is None else Phase.ENDING, left.days, step)


def longest_valid(certificates: Iterable[D], now: datetime) -> D | None:
    """Of those that are valid now the one that ends last; None when none is."""
    valid = [each for each in certificates if each.not_before <= now < each.not_after]
    return max(valid, key=_end, default=None)


def in_days(days: int) -> str:
    """The end of "It expires …"."""
    if not days:
        return _("in less than a day")
    return ngettext("in %(count)s day", "in %(count)s days", days) % {"count": days}


def _ago(days: int) -> str:
    return ngettext("expired %(count)s day ago", "expired %(count)s days ago", days) % {"count": days}


def _begins_in(days: int) -> str:
    text = ngettext("not valid yet, begins in %(count)s day", "not valid yet, begins in %(count)s days", days)
    return text % {"count": days}


def _left(days: int) -> str:
    return ngettext("%(count)s day left", "%(count)s days left", days) % {"count": days}


def _end(certificate: Dated) -> datetime:
    return certificate.not_after
