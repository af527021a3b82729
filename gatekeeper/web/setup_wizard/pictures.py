"""Pictures of the pretend Entra's pages, as ``make setup-pictures`` takes them. Each is fetched when it is seen."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Picture:
    """A file of the static files, its size in CSS pixels, and what is to be seen on it."""

    file: str
    width: int
    height: int
    alt: Promise


PICTURES: Final[dict[str, Picture]] = {
    "application": Picture(
        "gatekeeper/setup/application.webp",
        800,
        424,
        _("Create your own application: the name of the app, and the third choice, Non-gallery, is selected."),
    ),
    "metadata": Picture(
        "gatekeeper/setup/metadata.webp",
        584,
        126,
        _("The box SAML Certificates: the last field is App Federation Metadata Url."),
    ),
    "addresses": Picture(
        "gatekeeper/setup/addresses.webp",
        584,
        282,
        _(
            "The box Basic SAML Configuration: Identifier ends with metadata, Reply URL with acs, Sign on URL with "
            "sso, Logout Url with logout."
        ),
    ),
    "provisioning": Picture(
        "gatekeeper/setup/provisioning.webp",
        800,
        383,
        _("New provisioning configuration: Tenant URL, Secret Token, and the button Test Connection."),
    ),
    "attributes": Picture(
        "gatekeeper/setup/attributes.webp",
        800,
        434,
        _('The attribute mapping: the row emails[type eq "work"].value has userPrincipalName beside it.'),
    ),
}
