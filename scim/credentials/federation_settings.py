"""What an administrator sets for a federated client: whose tokens stand for it (RFC 7523 §3)."""

from dataclasses import dataclass, fields

from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import InvalidValue
from gatekeeper.outbound.public_addresses import is_fetchable_host, is_usable_address, site_is_local

DEFAULT_SCOPE = "/.default"
LONGEST = {"issuer": 500, "jwks_url": 500, "subject": 255, "audience": 500}  # characters, as the columns hold them


@dataclass(frozen=True, kw_only=True, slots=True)
class Federation:
    """The four values that Entra shows. ``audience`` is one audience, spelt with ``/.default`` or without."""

    issuer: str
    jwks_url: str
    subject: str
    audience: str


def checked(federation: Federation) -> Federation:
    """The same without blanks around the values. Raises: InvalidValue naming the value that cannot be used."""
    values = {each.name: getattr(federation, each.name).strip() for each in fields(federation)}
    for name, value in values.items():
        limit = LONGEST[name]
        if not value:
            raise InvalidValue(name, _("copy the value that the identity provider shows."))
        if len(value) > limit or any(not 32 < ord(character) < 127 for character in value):
            raise InvalidValue(name, _("use at most %(limit)s characters, without spaces."), limit=limit)
    for name in ("issuer", "jwks_url"):
        if not is_usable_address(values[name], allow_http=site_is_local()):
            raise InvalidValue(name, _("the address must begin with https:// and name a host."))
    if not is_fetchable_host(values["jwks_url"]):
        raise InvalidValue("jwks_url", _("the host is not a public address."))
    if not audience_spellings(values["audience"]):
        raise InvalidValue("audience", _("copy the value that the identity provider shows."))
    return Federation(**values)


def audience_spellings(audience: str) -> frozenset[str]:
    """The audience with and without ``/.default``: Entra shows the one, and puts the other into its tokens."""
    bare = audience.removesuffix(DEFAULT_SCOPE)
    return frozenset({bare, bare + DEFAULT_SCOPE}) if bare else frozenset()
