"""Why a command is not carried out. The two endpoints translate it to the statuses and codes of their protocols."""

from typing import Any

from gatekeeper.signed_tokens.refusals import TokenRefused
from saml.security_events.reasons import CommandReason


class CommandRefused(TokenRefused):
    """A token that is believed, with a command that can't be carried out."""


class UnreadableCommand(CommandRefused):
    """Malformed, of a format that is not supported, or about more than one subject."""

    def __init__(self, reason: CommandReason, **parameters: Any) -> None:
        super().__init__("is_readable", reason, **parameters)


class ForeignSubject(CommandRefused):
    """About somebody whose e-mail domain belongs to another connection."""

    def __init__(self) -> None:
        super().__init__("speaks_for_the_subject", CommandReason.FOREIGN_SUBJECT)


class UnknownSubject(CommandRefused):
    """About nobody who is known here."""

    def __init__(self) -> None:
        super().__init__("names_a_known_person", CommandReason.UNKNOWN_SUBJECT)


class AmbiguousSubject(CommandRefused):
    """About several people."""

    def __init__(self) -> None:
        super().__init__("names_one_person", CommandReason.AMBIGUOUS_SUBJECT)
