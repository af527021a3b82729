"""The active credential of a request that no other statement of this package serves. Columns: ``parts.CREDENTIAL``."""

from gatekeeper.runtime.statements.fixed_sql import run, same
from scim.models import Credential
from scim.statements.parts import CREDENTIAL, by_kind, credential_of, presented

ACTIVE = by_kind(lambda item: same(f"SELECT {CREDENTIAL} FROM {item}"))


def find_active(text: str) -> Credential | None:
    """The active API key of that text, or the client of that access token; ``is_traced``: reads are listed now.

    Cost: one query, on the digest's unique index. Nothing is cached: what is revoked is refused everywhere at once.
    """
    found = presented(text)
    rows = run(ACTIVE[found.kind], found.parameters) if found else []
    return credential_of(found.kind, rows[0]) if found and rows else None
