"""Why a sync run did not finish: a code with parameters in ``SyncRun``; its text is made when it is shown."""

from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _

from saml.models import SyncRun

_LONGEST = 400  # characters of an error's own text


class SyncError(StrEnum):
    """The values are stored."""

    TEXT = "text"  # A sentence from before there were codes; its parameter ``text`` is that sentence.
    INTERNAL_ERROR = "internal_error"  # kind, detail: the exception's class and its own text


def internal_error(error: Exception) -> dict[str, Any]:
    """The two columns of a run that nobody foresaw to fail."""
    parameters = {"kind": type(error).__name__, "detail": str(error)[:_LONGEST]}
    return {"error": SyncError.INTERNAL_ERROR.value, "error_parameters": parameters}


def sync_error_text(run: SyncRun) -> str:
    """Why a run did not finish, "" where nothing failed. A code that this version does not know is shown as it is."""
    parameters = run.error_parameters or {}
    try:
        if run.error == SyncError.INTERNAL_ERROR:
            return _("internal error (%(kind)s): %(detail)s") % parameters
        return str(parameters["text"]) if run.error == SyncError.TEXT else run.error
    except KeyError:  # A parameter is missing: written by another version of this site.
        return run.error
