"""Which writes that changed nothing are listed: those that name something new that was ignored.

Identity providers repeat themselves all day. A name that was ignored is listed once an hour for each credential and
process, so that an administrator learns of it and the log does not fill up.
"""

from collections.abc import Collection
from functools import partial
from time import monotonic
from uuid import UUID

from django.db import transaction

AGAIN_AFTER = 3600.0  # seconds
_MOST = 10_000  # names that a process remembers; then it begins anew

_Key = tuple[UUID, str]


class ListedNames:
    """When this process listed each name last."""

    def __init__(self) -> None:
        self._listed: dict[_Key, float] = {}

    def has_new(self, credential_id: UUID, names: Collection[str]) -> bool:
        """Whether one of the names has to be listed; if so they count as listed once the transaction is committed."""
        now = monotonic()
        keys = [(credential_id, name) for name in names]
        if all(self._listed.get(key, -AGAIN_AFTER) + AGAIN_AFTER > now for key in keys):
            return False
        transaction.on_commit(partial(self._note, keys, now))
        return True

    def _note(self, keys: Collection[_Key], now: float) -> None:
        if len(self._listed) + len(keys) > _MOST:
            self._listed.clear()
        self._listed.update(dict.fromkeys(keys, now))


listed_names = ListedNames()
