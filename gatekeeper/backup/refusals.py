"""Why a backup is not made, or not restored: each is one line that says what to do, and nothing was changed."""

from gatekeeper.errors import DomainError


class BackupNotMade(DomainError):
    code = "backup_not_made"


class ArchiveRefused(DomainError):
    """What was given is no archive, is damaged, or belongs to another version or key."""

    code = "archive_refused"


class SiteNotEmpty(DomainError):
    code = "site_not_empty"


class RestoreFailed(DomainError):
    """The archive is whole, and what is in it does not hold; the site is as empty as before."""

    code = "restore_failed"


def damaged(what: str) -> ArchiveRefused:
    """The archive is not what was written."""
    return ArchiveRefused(f"The archive is damaged ({what}); nothing was restored. Take another copy of it.")
