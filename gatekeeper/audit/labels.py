"""The labels of the codes that an audit entry stores beside its event: by whom, to what, through which channel.

Pages show labels and logic compares codes.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor

ACTOR_KINDS: dict[str, Promise] = {
    "person": _("person"),
    "scim_key": _("SCIM key"),
    "oauth_client": _("OAuth client"),
    "clock": _("scheduler"),
    "command": _("command"),
    "identity_provider": _("identity provider"),
    "setup_link": _("set-up link"),
    "site": _("site"),
    Actor.unauthenticated().kind: _("unauthenticated client"),
}

OBJECT_KINDS: dict[str, Promise] = {
    "user": _("user"),
    "group": _("group"),
    "team": _("team"),
    "mapping": _("mapping"),
    "connection": _("connection"),
    "api_key": _("API key"),
    "custom_attribute": _("custom attribute"),
    "oauth_client": _("OAuth client"),
    "client_secret": _("client secret"),
    "setup_link": _("set-up link"),
    "site": _("site"),
    "sync_run": _("sync run"),
    "webhook": _("webhook"),
    "stream": _("SIEM stream"),
    "mail_recipient": _("e-mail recipient"),
    "audit_trail": _("audit trail"),
    "audit_segment": _("segment of the audit trail"),
}

CHANNELS: dict[str, Promise] = {
    "pages": _("pages"),
    "scim": _("SCIM"),
    "saml": _("SAML"),
    "beat": _("scheduler"),
    "command line": _("command line"),
}


def label_of(code: str, labels: dict[str, Promise]) -> str:
    """The label of another code; the code with spaces for one that is not listed."""
    return str(labels.get(code, code.replace("_", " ")))
