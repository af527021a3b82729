"""Why a person can sign in or not: codes, and the text of each of them with its next step. Made when it is shown."""

from collections.abc import Mapping
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.resolver import Blocked


class ReadinessCode(StrEnum):
    """What holds for one person. Names in the comments are the parameters of the text."""

    CAN_SIGN_IN = "can_sign_in"
    AWAITING_SYNC = "awaiting_sync"  # created, due
    NO_WORK_EMAIL = "no_work_email"
    NAME_ID_DIFFERS = "name_id_differs"  # email, received
    CONFLICT = "conflict"  # email
    NO_LEVEL = "no_level"  # sources
    IN_NO_GROUP = "in_no_group"
    REMOVED = "removed"  # group, at
    REMOVED_BY = "removed_by"  # group, by, at
    NO_CONNECTION = "no_connection"
    NO_CONNECTION_FOR_DOMAIN = "no_connection_for_domain"  # email
    DEACTIVATED = "deactivated"  # at
    PROVISIONED_INACTIVE = "provisioned_inactive"  # at
    DELETED = "deleted"  # at


_MAP_THE_WORK_EMAIL = _('Map userPrincipalName to emails[type eq "work"].value in the identity provider.')
_ADD_TO_A_GROUP = _("Add the person to a group again.")
_ASSIGN_AGAIN = _("Assign them to the application there again: sign-in comes back at once, with their groups.")

SENTENCES: Mapping[ReadinessCode, Promise] = {
    ReadinessCode.CAN_SIGN_IN: _("Can sign in."),
    ReadinessCode.AWAITING_SYNC: _("Provisioned %(created)s, awaiting the sync at %(due)s, then can sign in."),
    ReadinessCode.NO_WORK_EMAIL: _("There is no work e-mail to be linked by."),
    ReadinessCode.NAME_ID_DIFFERS: _("The work e-mail %(email)s differs from the NameID last received, %(received)s."),
    ReadinessCode.CONFLICT: _("Another active person has the work e-mail %(email)s too, so neither is linked."),
    ReadinessCode.NO_LEVEL: _("Gets no level from %(sources)s."),
    ReadinessCode.IN_NO_GROUP: _("Is in no group that gives access."),
    ReadinessCode.REMOVED: _("Removed from %(group)s on %(at)s."),
    ReadinessCode.REMOVED_BY: _("Removed from %(group)s by %(by)s on %(at)s."),
    ReadinessCode.NO_CONNECTION: _("No identity provider is connected."),
    ReadinessCode.NO_CONNECTION_FOR_DOMAIN: _("No connection is for the domain of %(email)s."),
    ReadinessCode.DEACTIVATED: _("Deactivated by the identity provider on %(at)s."),
    ReadinessCode.PROVISIONED_INACTIVE: _("Provisioned as inactive on %(at)s."),
    ReadinessCode.DELETED: _("Deleted by the identity provider on %(at)s."),
}
NEXT_STEPS: Mapping[ReadinessCode, Promise] = {
    ReadinessCode.AWAITING_SYNC: _("Nothing to do: the SAML user sync runs by itself."),
    ReadinessCode.NO_WORK_EMAIL: _MAP_THE_WORK_EMAIL,
    ReadinessCode.NAME_ID_DIFFERS: _MAP_THE_WORK_EMAIL,
    ReadinessCode.CONFLICT: _("Change one of the two where it is kept; the next sync links both."),
    ReadinessCode.NO_LEVEL: _("Give one of them a level, or add the person to another group."),
    ReadinessCode.IN_NO_GROUP: _("Add the person to one."),
    ReadinessCode.REMOVED: _ADD_TO_A_GROUP,
    ReadinessCode.REMOVED_BY: _ADD_TO_A_GROUP,
    ReadinessCode.NO_CONNECTION: _(
        "Set up SAML 2.0 in Settings > Configuration > Authentication; the sync links everybody afterwards."
    ),
    ReadinessCode.NO_CONNECTION_FOR_DOMAIN: _(
        "Add the domain to one in Settings > Configuration > Authentication; the sync links everybody afterwards."
    ),
    ReadinessCode.DEACTIVATED: _ASSIGN_AGAIN,
    ReadinessCode.PROVISIONED_INACTIVE: _ASSIGN_AGAIN,
    ReadinessCode.DELETED: _("Whoever is provisioned again becomes a new user."),
}

_FOR_THE_PERSON: Mapping[Blocked, Promise] = {
    Blocked.DELETED: _("Your account was removed. Ask your administrator if you should still have access."),
    Blocked.DEACTIVATED: _("Your account is deactivated. Ask your administrator to assign you again."),
    Blocked.NO_GROUP_ACCESS: _("You are in no group that gives access. Ask your administrator to add you to one."),
    Blocked.NO_SAML_CONNECTION: _("Single sign-on is not set up yet. Ask your administrator."),
    Blocked.IDENTITY_CONFLICT: _("Two accounts have your work e-mail address. Ask your administrator to mend it."),
    Blocked.AWAITING_SAML_SYNC: _("Your account is ready, but the next sign-in sync has not run yet."),
}


def blocked_text(blocked: Blocked) -> str:
    """The text for a person whose sign-in is refused."""
    return str(_FOR_THE_PERSON[blocked])
