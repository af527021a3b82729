"""The catalogue of additional permissions. A new permission is a value and its label here."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from gatekeeper.errors import UnknownPermission


class Permission(StrEnum):
    CONFIGURATION = "configuration"
    USERS = "users"
    HISTORY = "history"
    REPORTS = "reports"
    WORKFLOW_ADMINISTRATOR = "workflow_administrator"
    VENDOR_ADMINISTRATOR = "vendor_administrator"
    VENDOR_COLLABORATOR = "vendor_collaborator"
    ESIGN_SENDER = "esign_sender"
    ESIGN_SIGNER = "esign_signer"
    SENSITIVE_DATA = "sensitive_data"
    API = "api"

    @property
    def label(self) -> str:
        return str(_LABELS[self])

    @property
    def meaning(self) -> str:
        """What it opens, in a sentence; empty for one that has none yet."""
        return str(_MEANINGS.get(self, ""))

    @property
    def note(self) -> str:
        """What a page says beside the permission; empty when there is nothing to say."""
        return str(_NEEDS_GLOBAL_ADMINISTRATOR) if self in NEED_GLOBAL_ADMINISTRATOR else ""

    @classmethod
    def parse(cls, name: object) -> "Permission":
        """``"reports"`` gives ``Permission.REPORTS``. Raises UnknownPermission."""
        try:
            return cls(str(name))
        except ValueError:
            raise UnknownPermission(name) from None


_LABELS = {
    Permission.CONFIGURATION: _("Configuration"),
    Permission.USERS: _("Users"),
    Permission.HISTORY: _("History"),
    Permission.REPORTS: _("Reports"),
    Permission.WORKFLOW_ADMINISTRATOR: _("Workflow Administrator"),
    Permission.VENDOR_ADMINISTRATOR: _("Vendor Administrator"),
    Permission.VENDOR_COLLABORATOR: _("Vendor Collaborator"),
    Permission.ESIGN_SENDER: _("eSign Sender"),
    Permission.ESIGN_SIGNER: _("eSign Signer"),
    Permission.SENSITIVE_DATA: _("Sensitive Data"),
    Permission.API: _("API"),
}
_MEANINGS = {
    Permission.CONFIGURATION: _("Decides what groups grant, and how people sign in."),
    Permission.USERS: _("Reads who is known here, and what they can do."),
    Permission.HISTORY: _("Reads the logs and the audit trail."),
    Permission.REPORTS: _("Reads how many can sign in, and who had what at any moment."),
    Permission.WORKFLOW_ADMINISTRATOR: _("Manages workflows in the applications that ask for it."),
    Permission.VENDOR_ADMINISTRATOR: _("Manages vendors in the applications that ask for it."),
    Permission.VENDOR_COLLABORATOR: _("Works with vendors in the applications that ask for it."),
    Permission.ESIGN_SENDER: _("Sends documents to be signed."),
    Permission.ESIGN_SIGNER: _("Signs documents."),
    Permission.SENSITIVE_DATA: _("Sees sensitive data in the applications that ask for it."),
    Permission.API: _("Makes personal tokens for programs."),
}
_NEEDS_GLOBAL_ADMINISTRATOR = _("Has effect only with Global Administrator.")

NEED_GLOBAL_ADMINISTRATOR = frozenset({Permission.CONFIGURATION, Permission.USERS})
