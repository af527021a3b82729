"""The directory's facts: who is known, who belongs to what, and what that grants, each with its period."""

from gatekeeper.directory.models.deprovisioning_limits import DeprovisioningLimit, HeldChangesApproval, PrivilegeGain
from gatekeeper.directory.models.former_names import FormerName
from gatekeeper.directory.models.groups import EndedBecause, IdpGroup, Membership
from gatekeeper.directory.models.identities import (
    IdentityProvider,
    ProviderDomain,
    SessionEnd,
    SignIn,
    SignInIdentity,
    SignInQuerySet,
)
from gatekeeper.directory.models.local_credentials import (
    FailedAttempt,
    LocalAccountRule,
    OneTimePassword,
    Passkey,
    RecoveryCode,
    SecondFactor,
)
from gatekeeper.directory.models.mappings import LastGroupPolicy, MappingVersion, SiteChoice
from gatekeeper.directory.models.periods import PeriodQuerySet
from gatekeeper.directory.models.retention import RetentionSetting
from gatekeeper.directory.models.saved_views import ChosenColumns, SavedView
from gatekeeper.directory.models.teams import Team
from gatekeeper.directory.models.users import ActivePeriod, Origin, User

__all__ = (
    "ActivePeriod",
    "ChosenColumns",
    "DeprovisioningLimit",
    "EndedBecause",
    "FailedAttempt",
    "FormerName",
    "HeldChangesApproval",
    "IdentityProvider",
    "IdpGroup",
    "LastGroupPolicy",
    "LocalAccountRule",
    "MappingVersion",
    "Membership",
    "OneTimePassword",
    "Origin",
    "Passkey",
    "PeriodQuerySet",
    "PrivilegeGain",
    "ProviderDomain",
    "RecoveryCode",
    "RetentionSetting",
    "SavedView",
    "SecondFactor",
    "SessionEnd",
    "SignIn",
    "SignInIdentity",
    "SignInQuerySet",
    "SiteChoice",
    "Team",
    "User",
)
