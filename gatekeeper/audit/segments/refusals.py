"""Why a run seals nothing, or not all: codes with parameters, which the run stores and of which text is made."""

import errno
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import DomainError
from gatekeeper.stored_texts import text_of_code


class Reason(StrEnum):
    """Why; each with the parameters that its text has."""

    DISK_FULL = "disk_full"
    FOLDER_UNWRITABLE = "folder_unwritable"
    TRAIL_DAMAGED = "trail_damaged"
    KEY_MISSING = "key_missing"
    FILE_DIFFERS = "file_differs"
    FILE_UNREADABLE = "file_unreadable"
    NOT_LINKED = "not_linked"
    ERASED_MEANWHILE = "erased_meanwhile"
    STREAM_NEEDS_IT = "stream_needs_it"
    BUSY = "busy"


TEXTS: Final[Mapping[str, Promise]] = {
    Reason.DISK_FULL: _("The disk of %(folder)s is full; nothing was deleted. Free space."),
    Reason.FOLDER_UNWRITABLE: _(
        "%(folder)s cannot be written to (%(reason)s); nothing was deleted. Make the folder writable."
    ),
    Reason.TRAIL_DAMAGED: _(
        "What would be exported is not as it was written, so it stays: %(problem)s See manage.py audit verify."
    ),
    Reason.KEY_MISSING: _(
        "What would be exported was written under another SECRET_KEY. Put the former one into SECRET_KEY_FALLBACKS."
    ),
    Reason.FILE_DIFFERS: _("The file %(file)s is not what was written into it; nothing was deleted. Check the disk."),
    Reason.FILE_UNREADABLE: _("The file %(file)s cannot be read: %(reason)s"),
    Reason.NOT_LINKED: _("The entry about the seal is not linked yet; the next run goes on. Nothing was deleted."),
    Reason.ERASED_MEANWHILE: _("Somebody's data was erased meanwhile; the next run writes the file again."),
    Reason.STREAM_NEEDS_IT: _(
        "A SIEM stream was sent back and needs these entries; a run after it was sent them goes on."
    ),
    Reason.BUSY: _("Another process is at it; try again in a moment."),
}


class CannotSeal(DomainError):
    """A segment is not sealed, or its entries not deleted; the trail is as it was."""

    code = "cannot_seal"

    def __init__(self, reason: Reason, /, **values: str | int) -> None:
        self.document: dict[str, Any] = {"code": str(reason), **values}
        super().__init__(TEXTS[reason], **values)


def of_os_error(error: OSError, folder: str) -> CannotSeal:
    """What a disk or a folder refuses."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CannotSeal(Reason.DISK_FULL, folder=folder)
    return CannotSeal(Reason.FOLDER_UNWRITABLE, folder=folder, reason=error.strerror or type(error).__name__)


def failure_text(stored: Mapping[str, Any]) -> str:
    """A stored failure as a sentence in the language of whoever reads it."""
    return text_of_code(TEXTS, str(stored.get("code", "")), stored)
