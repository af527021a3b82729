"""Why a sync run did not finish: a code with parameters in ``SyncRun``; its text is made when it is shown."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.stored_texts import text_of_code
from saml.models import SyncRun

_LONGEST = 400  # characters of an error's own text


class SyncError(StrEnum):
    """The values are stored."""

    TEXT = "text"  # A sentence from before there were codes; its parameter ``text`` is that sentence.
    INTERNAL_ERROR = "internal_error"  # kind, detail: the exception's class and its own text


_TEXTS: Final[Mapping[SyncError, Promise | str]] = {
    SyncError.TEXT: "%(text)s",
    SyncError.INTERNAL_ERROR: _("internal error (%(kind)s): %(detail)s"),
}


def internal_error(error: Exception) -> dict[str, Any]:
    """The two columns of a run that nobody foresaw to fail."""
    parameters = {"kind": type(error).__name__, "detail": str(error)[:_LONGEST]}
    return {"error": SyncError.INTERNAL_ERROR.value, "error_parameters": parameters}


def sync_error_text(run: SyncRun) -> str:
    """Why a run did not finish, "" where nothing failed. A code that this version does not know is shown as it is."""
    return text_of_code(_TEXTS, run.error, run.error_parameters)
