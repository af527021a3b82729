"""Does anything still depend on a former SECRET_KEY?"""

from django.conf import settings

from gatekeeper.health.check_result import Check, failed, ok, warning
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


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{what}: {count:,}" for what, count in counts.items())
