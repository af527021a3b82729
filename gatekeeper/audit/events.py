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
    USER_ERASED = "user.erased"
    ADMINISTRATOR_CREATED = "administrator.created"
    PASSWORD_CHANGED = "administrator.password_changed"  # noqa: S105 - an event, not a password
    SECOND_FACTOR_ADDED = "second_factor.added"
    SECOND_FACTOR_REMOVED = "second_factor.removed"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REMOVED = "passkey.removed"
    LOCAL_ACCOUNT_RULE_SET = "local_accounts.rule_set"
    RECOVERY_CODE_USED = "second_factor.recovery_code_used"
    BREAK_GLASS_USED = "break_glass.used"
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
    RETENTION_SET = "retention.set"
    BRAKES_SET = "brakes.set"
    BRAKES_TRIPPED = "brakes.tripped"
    BRAKES_RELEASED = "brakes.released"
    API_KEY_GENERATED = "api_key.generated"
    API_KEY_REVOKED = "api_key.revoked"
    API_TOKEN_CREATED = "api_token.created"  # noqa: S105 - an event
    API_TOKEN_REVOKED = "api_token.revoked"  # noqa: S105
    TRACING_STARTED = "tracing.started"
    TRACING_STOPPED = "tracing.stopped"
    CONNECTION_CREATED = "connection.created"
    CONNECTION_CHANGED = "connection.changed"
    CONNECTION_REFRESHED = "connection.refreshed"
    CONNECTION_DELETED = "connection.deleted"
    KEY_PAIR_MADE = "key_pair.made"
    NEXT_KEY_PAIR_PUBLISHED = "key_pair.next_published"
    KEY_PAIR_REPLACED = "key_pair.replaced"
    CONNECTION_RENAMED = "connection.renamed"
    CONNECTION_DOMAINS_SET = "connection.domains_set"
    CERTIFICATE_EXPIRING = "certificate.expiring"
    SYNC_FINISHED = "saml_sync.finished"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_UNLINKED = "identity.unlinked"
    IDENTITY_CONFIRMED = "identity.confirmed"
    IDENTITY_STATED = "identity.profile_stated"
    SIGN_IN_ACCEPTED = "sign_in.accepted"
    SIGN_IN_REFUSED = "sign_in.refused"
    SIGN_IN_REFUSALS_COUNTED = "sign_in.refusals_counted"
    SIGN_IN_VALUES_SHOWN = "sign_in.personal_values_shown"
    SIGN_IN_RENEWED = "sign_in.renewed"
    SIGN_INS_ENDED = "sign_in.ended"
    EVENT_SOURCE_SET = "connection.event_source_set"
    IDP_EVENT_ACCEPTED = "idp_event.accepted"
    AUDIT_CARRIED_OVER = "audit_trail.carried_over"
    AUDIT_DAMAGE_FOUND = "audit_trail.damage_found"
    SECRET_KEY_CHANGED = "secret_key.changed"  # noqa: S105 - an event

    @property
    def label(self) -> str:
        """Words for a page: "user.created" reads "User created"."""
        words = self.value.replace(".", " ").replace("_", " ")
        return (words[0].upper() + words[1:]).replace("Saml", "SAML").replace("Api", "API").replace("Idp", "IdP")
