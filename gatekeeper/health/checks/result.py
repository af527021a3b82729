"""The answer to one question about this installation."""

from dataclasses import asdict, dataclass
from enum import StrEnum


class Status(StrEnum):
    """``failed`` means that something does not work now; ``warning`` that somebody should look at it."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """The answer to one question; ``fix`` says in one sentence what to do, and is empty when all is well."""

    name: str
    status: Status
    detail: str
    fix: str = ""

    def as_document(self) -> dict[str, str]:
        """The object of contract.md's ``doctor``."""
        return {name: str(value) for name, value in asdict(self).items()}


def ok(name: str, detail: str) -> Check:
    """All is well."""
    return Check(name, Status.OK, detail)


def warning(name: str, detail: str, fix: str) -> Check:
    """Works, but somebody should look at it."""
    return Check(name, Status.WARNING, detail, fix)


def failed(name: str, detail: str, fix: str) -> Check:
    """Does not work now."""
    return Check(name, Status.FAILED, detail, fix)


def one_line(error: Exception) -> str:
    """The message of an error as one line; its class where it has none."""
    return " ".join(str(error).split()) or type(error).__name__
