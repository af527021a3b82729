"""Why a command is not carried out. The two endpoints translate it to the statuses and codes of their protocols."""

from gatekeeper.signed_tokens.refusals import TokenRefused


class CommandRefused(TokenRefused):
    """A token that is believed, with a command that can't be carried out."""


class UnreadableCommand(CommandRefused):
    """Malformed, of a format that is not supported, or about more than one subject."""

    def __init__(self, reason: str) -> None:
        super().__init__("is_readable", reason)


class ForeignSubject(CommandRefused):
    """About somebody whose e-mail domain belongs to another connection."""

    def __init__(self) -> None:
        super().__init__("speaks_for_the_subject", "people of that e-mail domain belong to another connection.")


class UnknownSubject(CommandRefused):
    """About nobody who is known here."""

    def __init__(self) -> None:
        super().__init__("names_a_known_person", "nobody here is known by that subject identifier.")


class AmbiguousSubject(CommandRefused):
    """About several people."""

    def __init__(self) -> None:
        super().__init__("names_one_person", "that subject identifier fits more than one person.")
