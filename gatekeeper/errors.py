"""The errors of the domain. They know no protocol and no HTTP status.

Each endpoint translates these classes into its own protocol: ``scim.http.errors`` into status and scimType, a page
into a sentence, a command into one line on stderr.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

_PEOPLE_KEPT = 100  # people in the parameters of one refusal


class DomainError(Exception):
    """A refusal the caller can act on. ``code`` is stable; ``str()`` of it is one sentence for people.

    ``sentence`` is that sentence with the names of its values, where it is the same for each refusal of a class. It is
    translated when it is shown; machines ask in no language, and get English.
    ``parameters`` are what logs store beside the code, as JSON.
    """

    code = "refused"
    sentence: str | Promise = ""
    parameters: Mapping[str, Any] = {}

    def __init__(self, text: str | Promise = "", **values: object) -> None:
        # ``args`` stay what the constructor was given: a refusal can be pickled, and its repr() is in no language.
        self._text, self._values = text or self.sentence, values

    def __str__(self) -> str:
        text = str(self._text)
        return text % self._values if self._values else text

    @property
    def on_page(self) -> str:
        """The sentence as a page shows it, where the form around it says which value it is about."""
        return str(self)


class NotFound(DomainError):
    """Something that was named does not exist (any more)."""

    code = "not_found"


class UserNotFound(NotFound):
    code = "user_not_found"
    sentence = _("There is no user %(user)s.")

    def __init__(self, user: object) -> None:
        super().__init__(user=user)


class LocalAdministratorNotFound(NotFound):
    code = "local_administrator_not_found"
    sentence = _("There is no local administrator %(email)s.")

    def __init__(self, email: str) -> None:
        super().__init__(email=email)


class GroupNotFound(NotFound):
    code = "group_not_found"
    sentence = _("There is no IdP group %(group)s.")

    def __init__(self, group: object) -> None:
        super().__init__(group=group)


class TeamNotFound(NotFound):
    code = "team_not_found"
    sentence = _("There is no team %(team)s.")

    def __init__(self, team: object) -> None:
        super().__init__(team=team)


class ViewNotFound(NotFound):
    code = "view_not_found"
    sentence = _("This view does not exist any more.")


class IdentityProviderNotFound(NotFound):
    code = "identity_provider_not_found"
    sentence = _("There is no SAML connection %(provider)s.")

    def __init__(self, provider: object) -> None:
        super().__init__(provider=provider)


class NameTaken(DomainError):
    """A name that has to be unique is in use."""

    code = "name_taken"


class DomainTaken(NameTaken):
    code = "domain_taken"
    sentence = _("%(domain)s belongs to the connection %(connection)s; take it away there first.")

    def __init__(self, domain: str, connection: str | Promise) -> None:
        super().__init__(domain=domain, connection=connection)


class UserNameTaken(NameTaken):
    code = "user_name_taken"
    sentence = _("Another user already has the userName %(user_name)s.")

    def __init__(self, user_name: str) -> None:
        super().__init__(user_name=user_name)
        self.parameters = {"user_name": user_name}


class GroupNameTaken(NameTaken):
    code = "group_name_taken"
    sentence = _("Another group already has the displayName %(display_name)s.")

    def __init__(self, display_name: str) -> None:
        super().__init__(display_name=display_name)
        self.parameters = {"display_name": display_name}


class TeamNameTaken(NameTaken):
    code = "team_name_taken"
    sentence = _("Another team is already called %(name)s.")

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class AdministratorExists(NameTaken):
    code = "administrator_exists"
    sentence = _("A local administrator %(email)s already exists.")

    def __init__(self, email: str) -> None:
        super().__init__(email=email)


class InvalidValue(DomainError):
    """A value that cannot be stored: ``attribute`` names it, ``reason`` says what would be right."""

    code = "invalid_value"

    def __init__(self, attribute: str, reason: str | Promise = "", **values: object) -> None:
        super().__init__(reason, **values)
        self.attribute = attribute

    @property
    def reason(self) -> str:
        return super().__str__()

    def __str__(self) -> str:
        return f"{self.attribute}: {self.reason}"

    @property
    def on_page(self) -> str:
        begins_with_a_value = str(self._text).startswith("%")  # which is shown as it was given
        return self.reason if begins_with_a_value else capfirst(self.reason)


class UnknownMembers(InvalidValue):
    """Member references to users that do not exist. Names at most ten of them."""

    code = "unknown_members"
    sentence = _("no user has the id %(ids)s; create the user first.")

    def __init__(self, references: Collection[object]) -> None:
        named = sorted(str(reference) for reference in references)[:10]
        super().__init__("members", ids=", ".join(named))


class UnknownLevel(InvalidValue):
    code = "unknown_level"
    sentence = _("there is no level %(level)s.")

    def __init__(self, level: object) -> None:
        super().__init__("level", level=level)


class UnknownPermission(InvalidValue):
    code = "unknown_permission"
    sentence = _("there is no permission %(permission)s.")

    def __init__(self, permission: object) -> None:
        super().__init__("permissions", permission=permission)


class TeamIsFallback(DomainError):
    code = "team_is_fallback"
    sentence = _("%(name)s is the fallback team; choose another fallback team before you delete it.")

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class VersionMismatch(DomainError):
    code = "version_mismatch"
    sentence = _("The resource has changed since you read it; read it again and repeat the change.")


class NeedsConfirmation(DomainError):
    """Allowed, but only when the person says a second time that they mean it."""

    code = "needs_confirmation"


class NobodyCouldConfigure(DomainError):
    code = "nobody_could_configure"
    sentence = _(
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
    sentence = _(
        "Held for approval: %(lost)s of %(active)s active users would lose access within %(minutes)s minutes. "
        "An administrator has to let it through in Settings > Configuration; it can then be repeated."
    )

    def __init__(self, lost: int, active: int, minutes: int) -> None:
        super().__init__(lost=lost, active=active, minutes=minutes)
        self.lost, self.active, self.minutes = lost, active, minutes
        self.parameters = {"lost": lost, "active": active, "minutes": minutes}


class PrivilegeHeld(HeldForApproval):
    """Somebody would become Global Administrator; it waits until an administrator lets it through."""

    code = "privilege_held"
    sentence = _(
        "Held for approval: Global Administrator for %(names)s. "
        "An administrator has to let it through in Settings > Configuration; it can then be repeated."
    )
    sentence_of_many = _(
        "Held for approval: Global Administrator for %(names)s and %(more)s more. "
        "An administrator has to let it through in Settings > Configuration; it can then be repeated."
    )

    def __init__(self, people: Mapping[UUID, str]) -> None:
        names = sorted(people.values())
        sentence = self.sentence_of_many if len(names) > 3 else self.sentence
        DomainError.__init__(self, sentence, names=", ".join(names[:3]), more=len(names) - 3)
        self.people = people
        named = sorted(people.items(), key=lambda each: each[1])[:_PEOPLE_KEPT]
        kept = [{"id": str(person_id), "name": name} for person_id, name in named]
        self.parameters = {"count": len(people), "people": kept}


class SealBroken(DomainError):
    """A sealed secret cannot be read: SECRET_KEY is another one now, or somebody altered it."""

    code = "seal_broken"
    sentence = _(
        "The stored %(purpose)s cannot be read with the present SECRET_KEY; "
        "put the former key into SECRET_KEY_FALLBACKS, or make a new one."
    )

    def __init__(self, purpose: str) -> None:
        super().__init__(purpose=purpose)


class WrongCode(DomainError):
    """A code of an authenticator app, or a recovery code, that is wrong, too old, or was used before."""

    code = "wrong_code"
    sentence = _("That code is not right, or it was used before. Wait for the next one and enter it.")


class SecondFactorExists(DomainError):
    code = "second_factor_exists"
    sentence = _("%(administrator)s has a second factor already; remove that one first.")

    def __init__(self, administrator: str) -> None:
        super().__init__(administrator=administrator)


class SecondFactorMissing(NotFound):
    code = "second_factor_missing"
    sentence = _("%(administrator)s has no second factor.")

    def __init__(self, administrator: str) -> None:
        super().__init__(administrator=administrator)


class SecondFactorDemanded(DomainError):
    """Something that would leave a local account without the second factor that the site demands."""

    code = "second_factor_demanded"


class PasskeyRefused(DomainError):
    """What a browser brought is no passkey of this account for this site, or its signature is wrong."""

    code = "passkey_refused"
    sentence = _("That passkey was not accepted: %(reason)s.")

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason.rstrip("."))


class PasskeyNotFound(NotFound):
    code = "passkey_not_found"
    sentence = _("There is no passkey %(passkey_id)s.")

    def __init__(self, passkey_id: int) -> None:
        super().__init__(passkey_id=passkey_id)


class TooManyAttempts(DomainError):
    """Too many passwords or codes were wrong; nothing more is compared for a while."""

    code = "too_many_attempts"
    sentence = _("Too many passwords or codes were wrong. Try again later.")
