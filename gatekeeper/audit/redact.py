"""Redaction: passwords and keys are never stored in a log, wherever they stand in a document."""

from typing import Any

REDACTED = "•••"
SECRET_NAMES = frozenset({"password", "secret", "token", "authorization", "api_key", "apikey", "x509certificates"})
_VALUES = frozenset({"value", "before", "after", "elements"})  # beside the name of what they are values of
_DEPTH_LIMIT = 30  # deeper than any SCIM document; what lies below is replaced too


def redact(document: Any, depth: int = 0) -> Any:
    """Return a copy of a JSON document with the values of secret members replaced.

    A PATCH operation names its attribute in ``path``, and a change in ``attribute``: ``{"path": "password",
    "value": …}`` is redacted as well, and so is ``{"attribute": "password", "before": …, "after": …}``.
    """
    if depth > _DEPTH_LIMIT:
        return REDACTED
    if isinstance(document, dict):
        is_about_secret = any(is_secret(str(document.get(name, ""))) for name in ("path", "attribute"))
        return {
            name: REDACTED
            if is_secret(str(name)) or (is_about_secret and str(name).lower() in _VALUES)
            else redact(value, depth + 1)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [redact(item, depth + 1) for item in document]
    return document


def is_secret(name: str) -> bool:
    """Whether the values of a member of that name, or at that path, are never kept."""
    return name.rsplit(":", 1)[-1].rsplit(".", 1)[-1].casefold() in SECRET_NAMES
