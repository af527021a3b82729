"""What to do on the other side, for each product in its own words.

The way and the fields, as the product's English pages name them, are in ``guides.toml``. Pictures are those of
``pictures.py``, of the pretend Entra's pages.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.setup_links.models import ProductName, SetupLink
from gatekeeper.web.setup_wizard.pictures import PICTURES, Picture
from saml.metadata.products import PRODUCTS, UNKNOWN, Product

PATHS: Final[Mapping[str, str]] = tomllib.loads(Path(__file__).with_name("guides.toml").read_text())


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing to do there: where (``key`` in ``guides.toml``), and what."""

    key: str
    text: Promise
    picture: str = ""

    @property
    def path(self) -> str:
        """The way to it, in the product's own words."""
        return PATHS[self.key]

    @property
    def shown(self) -> Picture | None:
        """The picture, if there is one."""
        return PICTURES.get(self.picture)


@dataclass(frozen=True, kw_only=True, slots=True)
class Guide:
    """The instructions for each step of the wizard. ``note``: what has to be known before, "" for nothing."""

    application: tuple[Instruction, ...]
    metadata: tuple[Instruction, ...]
    addresses: tuple[Instruction, ...]
    people: tuple[Instruction, ...]
    provisioning: tuple[Instruction, ...]
    attributes: tuple[Instruction, ...]
    assignment: tuple[Instruction, ...]
    certificate: tuple[Instruction, ...]
    note: Promise | str = ""


_PASTE_METADATA = _("Copy the address, and paste it below.")
_PASTE_FOUR = _("Paste each of the addresses below into the field that is named beside it, and save.")
_E_MAIL = _("What names people has to be their work e-mail, as it is provisioned here.")
_ASSIGN = _("Assign yourself for the test, and then everybody who shall come in.")
_NEW_FIRST = _("Add the new certificate. Let it sign only after it was read here, so that nobody is refused meanwhile.")

_ENTRA = Guide(
    application=(
        Instruction(
            "entra-application",
            _(
                "Enter a name, choose “Integrate any other application you don't find in the gallery”, and click "
                "Create. One application does both, single sign-on and provisioning."
            ),
            "application",
        ),
    ),
    metadata=(Instruction("entra-metadata", _PASTE_METADATA, "metadata"),),
    addresses=(Instruction("entra-addresses", _PASTE_FOUR, "addresses"),),
    people=(
        Instruction(
            "entra-people-1",
            _("Source attribute user.userprincipalname, name identifier format Email address."),
        ),
        Instruction("entra-people-2", _ASSIGN),
    ),
    provisioning=(
        Instruction(
            "entra-provisioning",
            _(
                "Paste the Base URL into Tenant URL and the API key into Secret Token. Click Test Connection, and "
                "then Create."
            ),
            "provisioning",
        ),
    ),
    attributes=(
        Instruction(
            "entra-attributes",
            _(
                'Edit emails[type eq "work"].value: choose userPrincipalName in place of mail as its Source attribute, '
                "so that it equals what names people at sign-in."
            ),
            "attributes",
        ),
    ),
    assignment=(
        Instruction("entra-assignment-1", _("Assign a group. Begin with a small one.")),
        Instruction(
            "entra-assignment-2",
            _("Choose a person of the group: they arrive within a minute. The first whole cycle comes by itself."),
        ),
        Instruction("entra-assignment-3", _("From then on it runs every 40 minutes.")),
    ),
    certificate=(
        Instruction("entra-certificate-1", _NEW_FIRST),
        Instruction(
            "entra-certificate-2",
            _("Do that after the metadata was read here, and then sign in once."),
        ),
    ),
)

_OKTA = Guide(
    application=(
        Instruction(
            "okta-application",
            _(
                "Okta asks for Single sign-on URL and Audience URI before it has metadata: enter https://example.com "
                "in both for now. The right ones come two steps later."
            ),
        ),
    ),
    metadata=(Instruction("okta-metadata", _PASTE_METADATA),),
    addresses=(Instruction("okta-addresses", _PASTE_FOUR),),
    people=(
        Instruction("okta-people-1", _("EmailAddress, and Application username: Email.")),
        Instruction("okta-people-2", _ASSIGN),
    ),
    provisioning=(
        Instruction("okta-provisioning-1", _("Choose SCIM, and save.")),
        Instruction(
            "okta-provisioning-2",
            _(
                "SCIM connector base URL: the Base URL. Unique identifier field for users: userName. Tick Push New "
                "Users, Push Profile Updates and Push Groups."
            ),
        ),
        Instruction(
            "okta-provisioning-3",
            _("Paste the API key beside Bearer. Click Test Connector Configuration, and save."),
        ),
    ),
    attributes=(
        Instruction(
            "okta-attributes",
            _("Switch on Create Users, Update User Attributes and Deactivate Users. The primary e-mail stays."),
        ),
    ),
    assignment=(
        Instruction("okta-assignment-1", _("Assign a person: they arrive at once.")),
        Instruction("okta-assignment-2", _("Push the groups that decide what their people may do here.")),
    ),
    certificate=(
        Instruction("okta-certificate-1", _NEW_FIRST),
        Instruction(
            "okta-certificate-2",
            _("Do that after the metadata was read here, and then sign in once."),
        ),
    ),
)

_GOOGLE = Guide(
    note=_(
        "Google Workspace provisions only the applications of its own catalogue. For provisioning you need a program "
        "of your own that speaks SCIM; it takes the Base URL and the API key."
    ),
    application=(Instruction("google-application", _("Enter a name, and continue.")),),
    metadata=(
        Instruction(
            "google-metadata",
            _("Google gives a file. Upload it below, under “Give the document itself instead”."),
        ),
    ),
    addresses=(Instruction("google-addresses", _PASTE_FOUR),),
    people=(
        Instruction("google-people-1", _("EMAIL, and Name ID: Basic Information > Primary email.")),
        Instruction("google-people-2", _ASSIGN),
    ),
    provisioning=(
        Instruction("google-provisioning", _("Give the program the Base URL, and the API key as a bearer token.")),
    ),
    attributes=(Instruction("google-attributes", _E_MAIL),),
    assignment=(Instruction("google-assignment", _("Let it send one user and one group first.")),),
    certificate=(
        Instruction("google-certificate-1", _NEW_FIRST),
        Instruction(
            "google-certificate-2",
            _("Choose the new one after the metadata was read here, and then sign in once."),
        ),
    ),
)

_KEYCLOAK = Guide(
    note=_(
        "Keycloak itself does not provision; an extension does. Its fields are called by other names; it needs the "
        "Base URL and the API key."
    ),
    application=(
        Instruction(
            "keycloak-application",
            _("Nothing has to be made yet: the realm's metadata is there already. The client comes after that."),
        ),
    ),
    metadata=(Instruction("keycloak-metadata", _PASTE_METADATA),),
    addresses=(
        Instruction("keycloak-addresses-1", _("Its Client ID is the Metadata url.")),
        Instruction("keycloak-addresses-2", _PASTE_FOUR),
    ),
    people=(
        Instruction("keycloak-people-1", _("email, and Force name ID format: on.")),
        Instruction("keycloak-people-2", _("Switch it on.")),
    ),
    provisioning=(
        Instruction("keycloak-provisioning", _("Give the extension the Base URL, and the API key as a bearer token.")),
    ),
    attributes=(Instruction("keycloak-attributes", _E_MAIL),),
    assignment=(Instruction("keycloak-assignment", _("Let it send one user and one group first.")),),
    certificate=(
        Instruction("keycloak-certificate-1", _NEW_FIRST),
        Instruction(
            "keycloak-certificate-2",
            _("Give the new key the highest priority after the metadata was read here, and then sign in once."),
        ),
    ),
)

_OTHER = Guide(
    application=(Instruction("other-application", _("Make an application of the kind SAML 2.0.")),),
    metadata=(
        Instruction("other-metadata", _("Copy the address of its metadata and paste it below, or upload the file.")),
    ),
    addresses=(Instruction("other-addresses", _PASTE_FOUR),),
    people=(Instruction("other-people-1", _E_MAIL), Instruction("other-people-2", _ASSIGN)),
    provisioning=(
        Instruction(
            "other-provisioning",
            _("Enter the Base URL, and the API key as a bearer token. Let it test the connection."),
        ),
    ),
    attributes=(Instruction("other-attributes", _E_MAIL),),
    assignment=(Instruction("other-assignment", _("Let it send one user and one group first.")),),
    certificate=(
        Instruction("other-certificate-1", _NEW_FIRST),
        Instruction("other-certificate-2", _("Let the new one sign after it was read here, and then sign in once.")),
    ),
)

GUIDES: Final[Mapping[str, Guide]] = {
    ProductName.ENTRA: _ENTRA,
    ProductName.OKTA: _OKTA,
    ProductName.GOOGLE: _GOOGLE,
    ProductName.KEYCLOAK: _KEYCLOAK,
    ProductName.OTHER: _OTHER,
}


def guide_of(link: SetupLink) -> Guide:
    """The instructions in the words of the product that was chosen."""
    return GUIDES.get(link.product, _OTHER)


def product_of(link: SetupLink) -> Product:
    """The names of its fields for the four addresses: the chosen product's, else those that it seems to be of."""
    if link.product in PRODUCTS:
        return PRODUCTS[link.product]
    return link.connection.product if link.connection else UNKNOWN
