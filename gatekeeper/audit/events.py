"""The closed list of what the audit trail can say. A retired event keeps its line here, marked as retired."""

from enum import StrEnum


class Event(StrEnum):
    """``subject.action``; the label is what a page shows."""

    USER_CREATED = "user.created"
    USER_REVIVED = "user.revived"
    USER_CHANGED = "user.changed"
    USER_DEACTIVATED = "user.deactivated"
    USER_REACTIVATED = "user.reactivated"
    USER_DELETED = "user.deleted"
    ADMINISTRATOR_CREATED = "administrator.created"
    PASSWORD_CHANGED = "administrator.password_changed"  # noqa: S105 - an event, not a password
    GROUP_CREATED = "group.created"
    GROUP_CHANGED = "group.changed"
    GROUP_MEMBERS_CHANGED = "group.members_changed"
    GROUP_DELETED = "group.deleted"
    TEAM_CREATED = "team.created"
    TEAM_RENAMED = "team.renamed"
    TEAM_DELETED = "team.deleted"
    TEAM_MERGED = "team.merged"
    MAPPING_SET = "mapping.set"
    MAPPING_RESET = "mapping.reset"
    DEFAULT_MAPPING_SET = "default_mapping.set"
    FALLBACK_TEAM_CHOSEN = "fallback_team.chosen"
    LAST_GROUP_POLICY_SET = "last_group_policy.set"
    BRAKES_SET = "brakes.set"
    BRAKES_TRIPPED = "brakes.tripped"
    BRAKES_RELEASED = "brakes.released"
    API_KEY_GENERATED = "api_key.generated"
    API_KEY_REVOKED = "api_key.revoked"
    CONNECTION_CREATED = "connection.created"
    CONNECTION_CHANGED = "connection.changed"
    CONNECTION_REFRESHED = "connection.refreshed"
    CONNECTION_DELETED = "connection.deleted"
    SYNC_FINISHED = "saml_sync.finished"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    IDENTITY_CONFIRMED = "identity.confirmed"
    SIGN_IN_ACCEPTED = "sign_in.accepted"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGN_INS_ENDED = "sign_in.ended"

    @property
    def label(self) -> str:
        """Words for a page: "user.created" reads "User created"."""
        words = self.value.replace(".", " ").replace("_", " ")
        return (words[0].upper() + words[1:]).replace("Saml", "SAML").replace("Api", "API")
