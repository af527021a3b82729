"""Who did it, through which door. Every verb takes one, and none has a default."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


class _Person(Protocol):
    id: UUID

    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """``kind`` is one of person, scim_key, clock, command, identity_provider, site, stranger."""

    kind: str
    name: str
    id: str = ""
    door: str = ""
    request_id: str = ""

    @classmethod
    def person(cls, user: _Person, *, door: str = "pages", request_id: str = "") -> "Actor":
        return cls("person", user.label, str(user.id), door, request_id)

    @classmethod
    def scim_key(cls, key_id: object, name: str, *, request_id: str = "") -> "Actor":
        return cls("scim_key", name, str(key_id), "scim", request_id)

    @classmethod
    def clock(cls, task: str) -> "Actor":
        return cls("clock", task, door="beat")

    @classmethod
    def command(cls, name: str) -> "Actor":
        return cls("command", name, door="command line")

    @classmethod
    def identity_provider(cls, name: str, *, request_id: str = "") -> "Actor":
        return cls("identity_provider", name, door="saml", request_id=request_id)

    @classmethod
    def site(cls) -> "Actor":
        """The site itself, as on its first start."""
        return cls("site", "Gatekeeper")

    @classmethod
    def stranger(cls, *, request_id: str = "") -> "Actor":
        """Whoever tries to sign in and has not proven yet who they are."""
        return cls("stranger", "Somebody not signed in", door="pages", request_id=request_id)
