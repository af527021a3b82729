"""The forms of the deprovisioning limits, of custom attributes, and of SCIM credentials."""

from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from gatekeeper.web.framework.forms import PageForm, TypedDayField
from scim.credentials.federation_settings import LONGEST, Federation
from scim.credentials.oauth_clients import NAME_LIMIT
from scim.protocol.custom_attributes import CUSTOM_TYPES
from scim.protocol.limits import MAX_CUSTOM_DESCRIPTION, MAX_CUSTOM_PATH
from scim.rate_limits.bucket import DEFAULT_RATE, LOWEST_RATE

MOST_TEXT = 10_000  # characters of networks; far more than are kept


class DeprovisioningLimitsForm(PageForm):
    """When to alert about many people losing access at once, and whether to hold."""

    share = forms.IntegerField(
        label=_("Share of the active users, in percent"),
        min_value=1,
        max_value=100,
        help_text=_("More than this share…"),
    )
    minimum = forms.IntegerField(
        label=_("At least this many users"),
        min_value=1,
        max_value=1_000_000,
        help_text=_("…and at least so many people…"),
    )
    minutes = forms.IntegerField(
        label=_("Within how many minutes"),
        min_value=1,
        max_value=10_080,
        help_text=_("…who lose access in so short a time."),
    )
    hold = forms.BooleanField(
        label=_("Hold further losses, and new Global Administrators, until an administrator approves"),
        required=False,
        help_text=_(
            "Off: Entra has the last word, and you are alerted. On: the identity provider is asked to come back "
            "later, with what would go beyond the limits and with whoever would become Global Administrator."
        ),
    )


class CustomAttributeForm(PageForm):
    """One attribute to declare, with the field names of ``Definition``."""

    schema = forms.CharField(
        label=_("Schema URN"),
        max_length=MAX_CUSTOM_PATH,
        help_text=_("Yours for all your attributes, such as urn:ietf:params:scim:schemas:extension:acme:2.0:User."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_CUSTOM_PATH,
        help_text=_("A letter first, then letters, digits, hyphens and underscores, such as costCenter."),
    )
    type = forms.ChoiceField(
        label=_("Type"),
        choices=[(each, each) for each in CUSTOM_TYPES],
        help_text=_("What filters compare by. A value of another type is refused."),
    )
    description = forms.CharField(
        label=_("Description"),
        max_length=MAX_CUSTOM_DESCRIPTION,
        required=False,
        help_text=_("Optional; shown here and to whoever reads the schema."),
    )
    multi_valued = forms.BooleanField(
        label=_("Several values"),
        required=False,
        help_text=_("Entra sends one value for a custom attribute; Okta can send a list."),
    )
    case_exact = forms.BooleanField(
        label=_("Upper and lower case differ"),
        required=False,
        help_text=_("Only for strings: filters distinguish A17 from a17."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("schema", "name"):
            self.fields[name].widget.attrs |= {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}


class ClientKind(TextChoices):
    """How an OAuth client proves who it is."""

    SECRET = "secret", _("Client secret")
    FEDERATION = "federation", _("Workload identity federation")


_EXACT = {"spellcheck": "false", "autocapitalize": "off", "autocomplete": "off"}


def _copied(label: StrOrPromise, help_text: StrOrPromise, longest: int) -> forms.CharField:
    """A value that is copied from the identity provider; whether it is needed depends on the kind of client."""
    widget = forms.TextInput(attrs=_EXACT)
    return forms.CharField(label=label, help_text=help_text, max_length=longest, required=False, widget=widget)


class KeyEndForm(PageForm):
    """When the next API key ends; never, if that stays empty."""

    ends_on = TypedDayField(label=_("Ends on"), required=False)


class SecretEndForm(KeyEndForm):
    """When a client secret ends, which each one does."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ends_on"].label = _("Secret ends on")
        self.fields["ends_on"].help_text = _("From one day to three years; a year from now if it is empty.")


class OAuthClientForm(SecretEndForm):
    """A client to add; the four values of a federation have the names of ``Federation``."""

    kind = forms.ChoiceField(
        choices=ClientKind.choices,
        error_messages={"invalid_choice": _("Choose one of the two."), "required": _("Choose one of the two.")},
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_LIMIT,
        help_text=_("What to call it here, such as Entra."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Say which client it is.")},
    )
    issuer = _copied(_("Issuer"), "https://login.microsoftonline.com/TENANT/v2.0", LONGEST["issuer"])
    jwks_url = _copied(
        _("JWKS URL"), "https://login.microsoftonline.com/TENANT/discovery/v2.0/keys", LONGEST["jwks_url"]
    )
    subject = _copied(_("Subject"), _("The object id of the provisioning identity."), LONGEST["subject"])
    audience = _copied(
        _("Audience"), _("With or without /.default at its end: both are one audience."), LONGEST["audience"]
    )

    def clean(self) -> dict[str, Any]:
        """All four values of a federation are needed; those of the other kind are not looked at."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("kind") == ClientKind.FEDERATION:
            for name in Federation.__slots__:
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, _("Copy the value that the identity provider shows."))
        return values


class CredentialSettingsForm(PageForm):
    """What is set for one credential, with the field names of ``Changes``."""

    requests_per_second = forms.IntegerField(
        label=_("Requests a second"),
        required=False,
        min_value=LOWEST_RATE,
        max_value=DEFAULT_RATE,
        help_text=_("From %(lowest)s to %(highest)s, which is the default.")
        % {"lowest": LOWEST_RATE, "highest": f"{DEFAULT_RATE:,}"},
        widget=forms.NumberInput(attrs={"placeholder": DEFAULT_RATE}),
    )
    allowed_networks = forms.CharField(
        label=_("Allowed networks"),
        required=False,
        max_length=MOST_TEXT,
        help_text=_("Such as 203.0.113.0/24 and 2001:db8::/32, one in a line. Empty: from anywhere."),
        widget=forms.Textarea(attrs={"rows": 4, **_EXACT}),
    )
    is_strict = forms.BooleanField(
        label=_("Strict"),
        required=False,
        help_text=_("Unknown attributes and schemas are refused instead of ignored. Entra needs it off."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        networks = self.initial.get("allowed_networks", "")
        self.initial["allowed_networks"] = "\n".join(networks.split())
