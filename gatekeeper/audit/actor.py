"""Who makes a change, and through which channel. Every service takes an actor, and none has a default."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

PROVISIONING_KINDS = frozenset({"scim_key", "oauth_client"})


class _Person(Protocol):
    id: UUID

    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a change, as the audit trail keeps it.

    ``kind`` is one of person, scim_key, oauth_client, clock (the scheduler), command, identity_provider,
    setup_link (its bearer, who has no account), site, and stranger (an unauthenticated client). ``channel`` is one of
    pages, scim, saml, beat and command line.
    """

    kind: str
    name: str
    id: str = ""
    channel: str = ""
    request_id: str = ""

    @property
    def is_provisioning(self) -> bool:
        """Whether an identity provider changes something over SCIM."""
        return self.kind in PROVISIONING_KINDS

    @classmethod
    def person(cls, user: _Person, *, channel: str = "pages", request_id: str = "") -> "Actor":
        return cls("person", user.label, str(user.id), channel, request_id)

    @classmethod
    def scim_key(cls, key_id: object, name: str, *, request_id: str = "") -> "Actor":
        return cls("scim_key", name, str(key_id), "scim", request_id)

    @classmethod
    def oauth_client(cls, client_id: object, name: str, *, request_id: str = "") -> "Actor":
        return cls("oauth_client", name, str(client_id), "scim", request_id)

    @classmethod
    def scheduler(cls, task: str) -> "Actor":
        return cls("clock", task, channel="beat")

    @classmethod
    def command(cls, name: str) -> "Actor":
        return cls("command", name, channel="command line")

    @classmethod
    def identity_provider(cls, name: str, *, request_id: str = "") -> "Actor":
        return cls("identity_provider", name, channel="saml", request_id=request_id)

    @classmethod
    def setup_link(cls, link_id: object, name: str, *, request_id: str = "") -> "Actor":
        return cls("setup_link", name, str(link_id), "pages", request_id)

    @classmethod
    def from_document(cls, document: dict[str, str]) -> "Actor":
        """The actor whose fields a message holds; one of an earlier release calls the channel ``door``."""
        fields = dict(document)
        channel = fields.pop("door", "")
        return cls(**{"channel": channel, **fields})

    @classmethod
    def site(cls) -> "Actor":
        """The site itself, as on its first start."""
        return cls("site", "Gatekeeper")

    @classmethod
    def unauthenticated(cls, *, request_id: str = "") -> "Actor":
        """A client that tries to sign in and has not proven yet who it is."""
        return cls("stranger", "Somebody not signed in", channel="pages", request_id=request_id)
