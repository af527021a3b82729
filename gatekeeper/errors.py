"""The errors of the domain. They know no protocol and no HTTP status.

Each endpoint translates these classes into its own protocol: ``scim.http.errors`` into status and scimType, a page
into a sentence, a command into one line on stderr.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

_PEOPLE_KEPT = 100  # people in the parameters of one refusal


class DomainError(Exception):
    """A refusal the caller can act on. ``code`` is stable; the message is one sentence for people.

    ``parameters`` are what logs store beside the code, as JSON.
    """

    code = "refused"
    parameters: Mapping[str, Any] = {}


class NotFound(DomainError):
    """Something that was named does not exist (any more)."""

    code = "not_found"


class UserNotFound(NotFound):
    code = "user_not_found"

    def __init__(self, user: object) -> None:
        super().__init__(f"There is no user {user}.")


class LocalAdministratorNotFound(NotFound):
    code = "local_administrator_not_found"

    def __init__(self, email: str) -> None:
        super().__init__(f"There is no local administrator {email}.")


class GroupNotFound(NotFound):
    code = "group_not_found"

    def __init__(self, group: object) -> None:
        super().__init__(f"There is no IdP group {group}.")


class TeamNotFound(NotFound):
    code = "team_not_found"

    def __init__(self, team: object) -> None:
        super().__init__(f"There is no team {team}.")


class IdentityProviderNotFound(NotFound):
    code = "identity_provider_not_found"

    def __init__(self, provider: object) -> None:
        super().__init__(f"There is no SAML connection {provider}.")


class NameTaken(DomainError):
    """A name that has to be unique is in use."""

    code = "name_taken"


class DomainTaken(NameTaken):
    code = "domain_taken"

    def __init__(self, domain: str, connection: str) -> None:
        super().__init__(f"{domain} belongs to the connection {connection}; take it away there first.")


class UserNameTaken(NameTaken):
    code = "user_name_taken"

    def __init__(self, user_name: str) -> None:
        super().__init__(f"Another user already has the userName {user_name}.")
        self.parameters = {"user_name": user_name}


class GroupNameTaken(NameTaken):
    code = "group_name_taken"

    def __init__(self, display_name: str) -> None:
        super().__init__(f"Another group already has the displayName {display_name}.")
        self.parameters = {"display_name": display_name}


class TeamNameTaken(NameTaken):
    code = "team_name_taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"Another team is already called {name}.")


class AdministratorExists(NameTaken):
    code = "administrator_exists"

    def __init__(self, email: str) -> None:
        super().__init__(f"A local administrator {email} already exists.")


class InvalidValue(DomainError):
    """A value that cannot be stored: ``attribute`` names it, ``reason`` says what would be right."""

    code = "invalid_value"

    def __init__(self, attribute: str, reason: str) -> None:
        super().__init__(f"{attribute}: {reason}")
        self.attribute = attribute
        self.reason = reason


class FetchRefused(DomainError):
    """What is at an address is not taken; ``reason`` is a sentence about "the address" or "the document"."""

    code = "fetch_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownMembers(InvalidValue):
    """Member references to users that do not exist. Names at most ten of them."""

    code = "unknown_members"

    def __init__(self, references: Collection[object]) -> None:
        named = ", ".join(sorted(str(reference) for reference in references)[:10])
        super().__init__("members", f"no user has the id {named}; create the user first.")


class UnknownLevel(InvalidValue):
    code = "unknown_level"

    def __init__(self, level: object) -> None:
        super().__init__("level", f"there is no level {level}.")


class UnknownPermission(InvalidValue):
    code = "unknown_permission"

    def __init__(self, permission: object) -> None:
        super().__init__("permissions", f"there is no permission {permission}.")


class TeamIsFallback(DomainError):
    code = "team_is_fallback"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the fallback team; choose another fallback team before you delete it.")


class VersionMismatch(DomainError):
    code = "version_mismatch"

    def __init__(self) -> None:
        super().__init__("The resource has changed since you read it; read it again and repeat the change.")


class NeedsConfirmation(DomainError):
    """Allowed, but only when the person says a second time that they mean it."""

    code = "needs_confirmation"


class NobodyCouldConfigure(DomainError):
    code = "nobody_could_configure"

    def __init__(self) -> None:
        super().__init__(
            "This would leave no active person who may configure Gatekeeper; "
            "give somebody else Global Administrator with Configuration first."
        )


class SignInRefused(DomainError):
    """A person may not sign in. ``code`` is a value of ``blocked_because``, or says why they are not known."""

    def __init__(self, code: str, message: str, *, user_id: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.user_id = user_id


class HeldForApproval(DomainError):
    """Too many people would lose access at once; the change waits until an administrator lets it through."""

    code = "held_for_approval"

    def __init__(self, lost: int, active: int, minutes: int) -> None:
        super().__init__(
            f"Held for approval: {lost} of {active} active users would lose access within {minutes} minutes. "
            "An administrator has to let it through in Settings > Configuration; it can then be repeated."
        )
        self.lost, self.active, self.minutes = lost, active, minutes
        self.parameters = {"lost": lost, "active": active, "minutes": minutes}


class PrivilegeHeld(HeldForApproval):
    """Somebody would become Global Administrator; it waits until an administrator lets it through."""

    code = "privilege_held"

    def __init__(self, people: Mapping[UUID, str]) -> None:
        names = sorted(people.values())
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        DomainError.__init__(
            self,
            f"Held for approval: Global Administrator for {', '.join(names[:3])}{more}. "
            "An administrator has to let it through in Settings > Configuration; it can then be repeated.",
        )
        self.people = people
        named = sorted(people.items(), key=lambda each: each[1])[:_PEOPLE_KEPT]
        kept = [{"id": str(person_id), "name": name} for person_id, name in named]
        self.parameters = {"count": len(people), "people": kept}


class SealBroken(DomainError):
    """A sealed secret cannot be read: SECRET_KEY is another one now, or somebody altered it."""

    code = "seal_broken"

    def __init__(self, purpose: str) -> None:
        super().__init__(
            f"The stored {purpose} cannot be read with the present SECRET_KEY; "
            "put the former key into SECRET_KEY_FALLBACKS, or make a new one."
        )


class WrongCode(DomainError):
    """A code of an authenticator app, or a recovery code, that is wrong, too old, or was used before."""

    code = "wrong_code"

    def __init__(self) -> None:
        super().__init__("That code is not right, or it was used before. Wait for the next one and enter it.")


class SecondFactorExists(DomainError):
    code = "second_factor_exists"

    def __init__(self, administrator: str) -> None:
        super().__init__(f"{administrator} has a second factor already; remove that one first.")


class SecondFactorMissing(NotFound):
    code = "second_factor_missing"

    def __init__(self, administrator: str) -> None:
        super().__init__(f"{administrator} has no second factor.")


class SecondFactorDemanded(DomainError):
    """Something that would leave a local account without the second factor that the site demands."""

    code = "second_factor_demanded"


class PasskeyRefused(DomainError):
    """What a browser brought is no passkey of this account for this site, or its signature is wrong."""

    code = "passkey_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"That passkey was not accepted: {reason.rstrip('.')}.")


class PasskeyNotFound(NotFound):
    code = "passkey_not_found"

    def __init__(self, passkey_id: int) -> None:
        super().__init__(f"There is no passkey {passkey_id}.")


class TooManyAttempts(DomainError):
    """Too many passwords or codes were wrong; nothing more is compared for a while."""

    code = "too_many_attempts"

    def __init__(self) -> None:
        super().__init__("Too many passwords or codes were wrong. Try again later.")
