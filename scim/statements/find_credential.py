"""The active key of a request that no other statement of this package serves. Columns: the key's (``parts.key_of``)."""

from gatekeeper.runtime.statements.fixed_sql import Statement, run
from scim.models import ApiKey
from scim.statements.parts import IS_TRACED, KEY, key_of, key_parameters_of

_TEXT = f"SELECT key.id, key.name, key.last_used_at, {IS_TRACED} FROM scim_apikey AS key WHERE {KEY}"
ACTIVE = Statement(_TEXT, _TEXT)


def find_active(text: str) -> ApiKey | None:
    """The active key of that text, or None; ``is_traced`` on it says whether reads are listed at the moment.

    Cost: one query, on the digest's unique index. Nothing is cached: a revoked key is refused everywhere at once.
    """
    parameters = key_parameters_of(text)
    rows = run(ACTIVE, parameters) if parameters else []
    return key_of(rows[0]) if rows else None
