"""The places of the site: each is named here, once, for menu, breadcrumb, heading, title and every link to it.

Templates have them as ``places`` (the context processor ``navigation``): ``{{ places.teams.address }}`` and
``{{ places.teams }}``, which is its name.
"""

from dataclasses import dataclass
from typing import Self

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from gatekeeper.web.framework.permissions import (
    Rule,
    is_signed_in,
    may_configure,
    may_read_logs,
    may_read_people,
    may_read_reports,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A page that has a name of its own. ``page`` is its URL name, ``rule`` who may open it.

    ``parent`` is the place that it belongs to. Settings is a part of the menu, and the first crumb of what is in it.
    """

    name: StrOrPromise
    page: str
    rule: Rule
    icon: str = ""
    parent: Self | None = None
    in_settings: bool = False

    def __str__(self) -> str:
        return str(self.name)

    @property
    def address(self) -> str:
        """Where it is."""
        return reverse(self.page)

    @property
    def above(self) -> list[Self]:
        """The places that it belongs to, the outermost first. Where that is Configuration, Settings leads there."""
        if self.parent is None or self.parent is CONFIGURATION:
            return []
        return [*self.parent.above, self.parent]


HOME = Place(_("Home"), "web:home", is_signed_in, "home")
USERS = Place(_("Users"), "admin:directory_user_changelist", may_read_people, "users")
GROUPS = Place(_("Groups"), "admin:directory_idpgroup_changelist", may_read_people, "group")
TEAMS = Place(_("Teams"), "web:teams", may_configure, "team")
ACCESS_REPORTS = Place(_("Access reports"), "web:who_had", may_read_reports, "clock")
PROFILE = Place(_("Your profile"), "web:profile", is_signed_in, "user")

PROVISIONING_LOG = Place(_("Provisioning log"), "admin:audit_provisioningentry_changelist", may_read_logs, "log")
SYNC_HISTORY = Place(_("Sync history"), "admin:saml_syncrun_changelist", may_read_logs, "sync")
SIGN_INS = Place(_("Sign-ins"), "admin:saml_signinattempt_changelist", may_read_logs, "sign-in")
TOKEN_LOG = Place(_("Token log"), "admin:scim_tokenrequest_changelist", may_read_logs, "key")
AUDIT_TRAIL = Place(_("Audit trail"), "admin:audit_auditentry_changelist", may_read_logs, "audit")


def _setting(name: StrOrPromise, page: str, parent: Place | None = None) -> Place:
    return Place(name, page, may_configure, parent=parent, in_settings=True)


CONFIGURATION = _setting(_("Configuration"), "web:overview")
SCIM = _setting(_("System for Cross-domain Identity Management (SCIM)"), "web:scim", CONFIGURATION)
AUTHENTICATION = _setting(_("Authentication"), "web:authentication", CONFIGURATION)
SETUP_LINKS = _setting(_("Set-up links"), "web:setup_links", CONFIGURATION)
CUSTOM_ATTRIBUTES = _setting(_("Custom attributes"), "web:custom_attributes", SCIM)
DEPROVISIONING_LIMIT = _setting(_("Deprovisioning limit"), "web:deprovisioning_limits")
LOCAL_ACCOUNTS = _setting(_("Local accounts"), "web:local_accounts")
# Not "Configuration as code": only one entry of the menu is found by the name Configuration.
AS_CODE = _setting(_("As code"), "web:as_code")
WEBHOOKS = _setting(_("Webhooks"), "web:webhooks")
SIEM_STREAMS = _setting(_("SIEM streams"), "web:streams")
MAIL = _setting(_("E-mail"), "web:mail")
RETENTION = _setting(_("Retention"), "web:retention")

MAIN = (HOME, USERS, GROUPS, TEAMS, ACCESS_REPORTS)
LOGS = (PROVISIONING_LOG, SYNC_HISTORY, SIGN_INS, TOKEN_LOG, AUDIT_TRAIL)
SETTINGS = (CONFIGURATION, DEPROVISIONING_LIMIT, LOCAL_ACCOUNTS, WEBHOOKS, MAIL, SIEM_STREAMS, AS_CODE, RETENTION)
BELOW_CONFIGURATION = (SCIM, AUTHENTICATION, SETUP_LINKS)

PLACES = {
    "home": HOME,
    "users": USERS,
    "groups": GROUPS,
    "teams": TEAMS,
    "access_reports": ACCESS_REPORTS,
    "profile": PROFILE,
    "provisioning_log": PROVISIONING_LOG,
    "sync_history": SYNC_HISTORY,
    "sign_ins": SIGN_INS,
    "token_log": TOKEN_LOG,
    "audit_trail": AUDIT_TRAIL,
    "configuration": CONFIGURATION,
    "scim": SCIM,
    "authentication": AUTHENTICATION,
    "setup_links": SETUP_LINKS,
    "custom_attributes": CUSTOM_ATTRIBUTES,
    "deprovisioning_limit": DEPROVISIONING_LIMIT,
    "local_accounts": LOCAL_ACCOUNTS,
    "as_code": AS_CODE,
    "retention": RETENTION,
    "webhooks": WEBHOOKS,
    "streams": SIEM_STREAMS,
    "mail": MAIL,
}


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody can do next, as a button. ``posts``: it asks for something to be done, and is no link."""

    text: str
    address: str
    posts: bool = False

    @classmethod
    def to(cls, place: Place) -> Self:
        """A button that leads to a place, and is called like it."""
        return cls(str(place), place.address)

    @classmethod
    def run_the_sync(cls) -> Self:
        """The SAML user sync, now."""
        return cls(gettext("Run the sync now"), reverse("web:run_sync"), posts=True)


def place_of(path: str) -> Place | None:
    """The place where a page is: the one with this address, or the nearest above it."""
    above = [place for place in PLACES.values() if path.startswith(place.address)]
    nearest = max(above, key=lambda place: len(place.address), default=None)
    return None if nearest is HOME and path != HOME.address else nearest
