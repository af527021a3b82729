"""The four addresses of a SAML connection as fields to copy: what each is for, and where it goes."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from saml.addresses import Addresses
from saml.metadata.products import Product


@dataclass(frozen=True, slots=True)
class AddressField:
    """``end`` is the last part of the address, the only one in which the four differ.

    ``word``: what it is for, in a word. ``field``: what the page of the identity provider's ``product`` calls it; ""
    where the product has no field for it.
    """

    label: str
    value: str
    word: str
    purpose: str
    product: str
    field: str

    @property
    def end(self) -> str:
        return self.value.rpartition("/")[2]


def address_fields(addresses: Addresses, product: Product) -> list[AddressField]:
    """In the order of the help page; the labels are the ones that it names."""
    return [
        AddressField(
            "Metadata url",
            addresses.metadata,
            _("Identity"),
            _("Who this site is: its name and its certificate."),
            product.name,
            product.entity_id,
        ),
        AddressField(
            "Sso url", addresses.sso, _("Start"), _("Where people begin to sign in."), product.name, product.sso
        ),
        AddressField(
            "ACS (Assertion Consumer Service, Recipient) url",
            addresses.acs,
            _("Return"),
            _("Where the identity provider sends people back, signed in."),
            product.name,
            product.acs,
        ),
        AddressField(
            "Logout url",
            addresses.logout,
            _("Sign-out"),
            _("Where signing out begins and ends."),
            product.name,
            product.logout,
        ),
    ]
