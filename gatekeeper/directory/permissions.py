"""The catalogue of additional permissions. A new permission is one more line here."""

from enum import StrEnum

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
        return _LABELS.get(self, self.value.replace("_", " ").capitalize())

    @property
    def note(self) -> str:
        """What a page says beside the permission; empty when there is nothing to say."""
        return "Has effect only with Global Administrator." if self in NEED_GLOBAL_ADMINISTRATOR else ""

    @classmethod
    def parse(cls, name: object) -> "Permission":
        """``"reports"`` gives ``Permission.REPORTS``. Raises UnknownPermission."""
        try:
            return cls(str(name))
        except ValueError:
            raise UnknownPermission(name) from None


_LABELS = {
    Permission.WORKFLOW_ADMINISTRATOR: "Workflow Administrator",
    Permission.VENDOR_ADMINISTRATOR: "Vendor Administrator",
    Permission.VENDOR_COLLABORATOR: "Vendor Collaborator",
    Permission.ESIGN_SENDER: "eSign Sender",
    Permission.ESIGN_SIGNER: "eSign Signer",
    Permission.SENSITIVE_DATA: "Sensitive Data",
    Permission.API: "API",
}

NEED_GLOBAL_ADMINISTRATOR = frozenset({Permission.CONFIGURATION, Permission.USERS})
