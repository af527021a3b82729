"""Are secrets on disk private, and does anything still depend on a former SECRET_KEY?"""

import stat
from pathlib import Path

from django.conf import settings
from django.db import connection

from gatekeeper.health.checks.result import Check, failed, ok, warning
from gatekeeper.maintenance.resealing import dependents, unreadable

NAME = "former_keys"


def check_former_keys() -> Check:
    """What still needs SECRET_KEY_FALLBACKS, and whether that can go."""
    lost = {what: count for what, count in unreadable().items() if count}
    if lost:
        fix = "Put the key that they were sealed under into SECRET_KEY_FALLBACKS, then run manage.py reseal."
        return failed(NAME, f"No key that is known here opens {_listed(lost)}.", fix)
    if not settings.SECRET_KEY_FALLBACKS:
        return ok(NAME, "No former SECRET_KEY is configured, and nothing needs one.")
    left = dependents()
    if left:
        fix = "Run manage.py reseal when every process has the new SECRET_KEY."
        return warning(NAME, f"A former SECRET_KEY is still needed for {_listed(left)}.", fix)
    fix = "Take SECRET_KEY_FALLBACKS away (or DATA_DIR/secret_key_fallbacks) and restart every process."
    return warning(NAME, "Nothing needs a former SECRET_KEY any more.", fix)


def check_files() -> Check:
    """Whether only the site's own account may read what is secret on disk."""
    name = "secret_files"
    secret = [Path(settings.DATA_DIR) / "secret_key"]
    if connection.vendor == "sqlite":
        database = str(settings.DATABASES["default"]["NAME"])
        secret += [Path(database + suffix) for suffix in ("", "-wal", "-shm")]
    others = stat.S_IRWXG | stat.S_IRWXO
    open_ones = [str(path) for path in secret if path.is_file() and path.stat().st_mode & others]
    if not open_ones:
        return ok(name, "Secrets on disk are readable by the site's account only.")
    listed = " ".join(open_ones)
    return warning(name, f"Other accounts of this machine may read or write: {listed}.", f"chmod 600 {listed}")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{what}: {count:,}" for what, count in counts.items())
