"""Which steps of the help page are done, judged from what this site knows; pages, API and doctor say the same of each.

It reads the SCIM and the SAML endpoint's models, so it stands above both, and names pages by their URL names only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gatekeeper.audit.models import AuditHead
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.identity_linking.linking import TOMBSTONE_PATTERN
from gatekeeper.directory.models import IdpGroup, MappingVersion, SignIn, SignInIdentity, SiteChoice, Team, User
from saml.models import Certificate, Connection, SignInAttempt
from scim.models import ApiKey, ClientSecret, OAuthClient

NO_FALLBACK_TEAM = gettext_lazy("None is chosen; people whom no mapping puts in a team have none.")
NO_KEY = gettext_lazy("There is no active API key; nobody can provision.")
_NOT_TRIED = gettext_lazy("Metadata and a valid certificate are here; no sign-in has been tried yet.")
NO_CONNECTION = gettext_lazy("There is no SAML connection; only local administrators can sign in.")
MAP_THE_WORK_EMAIL = gettext_lazy(
    "In Entra's Provisioning, Mappings, Provision Microsoft Entra ID Users: give "
    'emails[type eq "work"].value the source attribute userPrincipalName.'
)

TITLES = {
    "fallback_team": gettext_lazy("Choose the fallback team"),
    "default_mapping": gettext_lazy("Set the Default Mapping"),
    "single_sign_on": gettext_lazy("Connect single sign-on"),
    "api_key": gettext_lazy("Give Entra the Base URL and an API key"),
    "first_request": gettext_lazy("Hear from Entra"),
    "work_email": gettext_lazy("Map the work e-mail to userPrincipalName"),
    "provisioned": gettext_lazy("Receive users and groups"),
    "group_mappings": gettext_lazy("Say what the groups grant"),
    "first_sign_in": gettext_lazy("Let the first person sign in"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the help page. ``page`` names where to do it, ``action`` is the button; ``elsewhere``: in Entra.
    ``query`` is what the page is asked for.

    ``detail`` says what is, and what to do if it is not done.
    """

    key: str
    title: str
    done: bool
    detail: str
    page: str = ""
    action: str = ""
    elsewhere: bool = False
    query: str = ""

    @property
    def address(self) -> str:
        """Where to do it; "" where this site has no page for it."""
        return reverse(self.page) + self.query if self.page else ""

    def as_document(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "key": self.key,
            "title": self.title,
            "done": self.done,
            "detail": self.detail,
            "page": self.address or None,
            "in_entra": self.elsewhere,
        }


@dataclass(frozen=True, slots=True)
class WorkEmails:
    """How many active people there are from the identity provider, and whose work e-mail is not their userName.

    ``known``: how many there are, active or not. ``first``: the userName of the one who is the example.
    """

    people: int
    differing: int
    example: str
    known: int = 0
    first: str = ""

    @property
    def detail(self) -> str:
        """What is, in one sentence."""
        if not self.people:
            return _("Nobody is provisioned yet; the first users will show it.")
        counts = {"people": f"{self.people:,}", "differing": f"{self.differing:,}", "example": self.example}
        if not self.differing:
            text = ngettext(
                "The work e-mail is the userName of %(people)s active user.",
                "The work e-mail is the userName of %(people)s active users.",
                self.people,
            )
            return text % counts
        text = ngettext(
            "%(differing)s of %(people)s active user have another work e-mail: %(example)s.",
            "%(differing)s of %(people)s active users have another work e-mail: %(example)s.",
            self.people,
        )
        return text % counts


def setup_steps(site: SiteFacts) -> list[Step]:
    """The steps in the help page's order. A dozen small queries."""
    done = _done_steps(timezone.now())
    return [*_steps_here(site, done), *_steps_in_entra(done), *_steps_afterwards(site, done)]


def done_conditions(now: datetime) -> dict[str, Any]:
    """Whether each step is done, by its key: conditions, for one statement that asks them all."""
    people = User.objects.provisioned().filter(active=True)
    clients = OAuthClient.objects.filter(revoked_at=None)
    used = [Exists(each.exclude(last_used_at=None)) for each in (ApiKey.objects.active(), clients)]
    valid = Certificate.objects.live().filter(connection__in=Connection.objects.trusted(), not_after__gt=now)
    mappings = MappingVersion.objects.live()
    conditions = {
        "fallback_team": Exists(SiteChoice.objects.live().filter(fallback_team__in=Team.objects.live())),
        "default_mapping": Exists(mappings.filter(group=None)),
        "single_sign_on": Exists(valid),
        "api_key": Exists(ApiKey.objects.active()) | Exists(_working_clients()),
        "first_request": used[0] | used[1],
        "work_email": Exists(people) & ~Exists(_with_other_email(people)),
        "provisioned": Exists(people) & Exists(IdpGroup.objects.on_the_page()),
        "group_mappings": Exists(mappings.filter(group__isnull=False)),
        # What shows that it works: a message of the identity provider was believed, in a sign-in or in a test.
        "first_sign_in": Exists(SignIn.objects.filter(provider__isnull=False))
        | Exists(SignInAttempt.objects.believed()),
    }
    return {key: ExpressionWrapper(Q(each), BooleanField()) for key, each in conditions.items()}


def _done_steps(now: datetime) -> dict[str, bool]:
    # The head of the audit trail is the one row that every site has.
    answers: dict[str, Any] = {**AuditHead.objects.filter(pk=1).values(**done_conditions(now)).get()}
    return answers


def steps_in_short(done: Mapping[str, bool]) -> list[tuple[str, bool]]:
    """The title of each step and whether it is done; ``done`` holds the answers to ``done_conditions``."""
    return [(str(title), done[key]) for key, title in TITLES.items()]


def work_emails() -> WorkEmails:
    """Whether Entra maps userPrincipalName to the work e-mail, seen from what it sends. Three queries at most."""
    counted = User.objects.provisioned().aggregate(known=Count("pk"), active=Count("pk", filter=Q(active=True)))
    known, active = counted["known"], counted["active"]
    people = User.objects.provisioned().filter(active=True)
    other = _with_other_email(people)
    first = other.order_by("user_name_folded").first()
    if first is None:
        return WorkEmails(active, 0, "", known)
    example = _("%(user_name)s has %(work_email)s") % {
        "user_name": first.user_name,
        "work_email": first.work_email or _("none"),
    }
    return WorkEmails(active, other.count(), example, known, first.user_name)


def _with_other_email(people: QuerySet[User]) -> QuerySet[User]:
    other = people.filter(Q(work_email=None) | ~Q(work_email_folded=F("user_name_folded")))
    return other.exclude(user_name__regex=TOMBSTONE_PATTERN)  # says nothing of the mapping


def _steps_here(site: SiteFacts, done: Mapping[str, bool]) -> list[Step]:
    fallback = site.teams.get(site.fallback_team_id) if site.fallback_team_id else None
    return [
        Step(
            "fallback_team",
            str(TITLES["fallback_team"]),
            done["fallback_team"],
            _("%(fallback)s receives whoever has no other team.") % {"fallback": fallback}
            if fallback
            else str(NO_FALLBACK_TEAM),
            "web:scim",
            _("Choose"),
        ),
        Step(
            "default_mapping",
            str(TITLES["default_mapping"]),
            done["default_mapping"],
            _("A new group grants: %(level)s. Keep it minimal.") % {"level": site.default_mapping.level.label},
            "web:default_mapping",
            _("Edit"),
        ),
        _single_sign_on(done["single_sign_on"], tried=done["first_sign_in"]),
        _credential(done["api_key"]),
    ]


def _credential(works: bool) -> Step:
    """A key that never ends is named; an OAuth client does as well as a key."""
    keys = list(ApiKey.objects.active())
    endless = next((key for key in keys if key.expires_at is None), None)
    generate = _("Generate one and copy it into Entra's Secret Token.")
    detail = _("The key is active.") if keys else _("An OAuth client is active.") if works else f"{NO_KEY} {generate}"
    if endless:
        detail = _("The key %(hint)s… is active and has no end; give the next one an end, or move to an OAuth client.")
        detail %= {"hint": endless.hint}
    return Step("api_key", str(TITLES["api_key"]), works, detail, "web:scim", _("Generate"))


def _working_clients() -> QuerySet[OAuthClient]:
    now = timezone.now()
    has_secret = Q(Exists(ClientSecret.objects.filter(client=OuterRef("pk"), revoked_at=None, expires_at__gt=now)))
    return OAuthClient.objects.filter(~Q(issuer="") | has_secret, revoked_at=None)


def _single_sign_on(works: bool, *, tried: bool) -> Step:
    not_yet = _("The connection has no certificate that is valid; refresh its metadata.")
    if not works and not Connection.objects.trusted().exists():
        paste = _("Paste Entra's App Federation Metadata Url, then copy four addresses back.")
        not_yet = f"{NO_CONNECTION} {paste}"
    return Step(
        "single_sign_on",
        str(TITLES["single_sign_on"]),
        works,
        (_("Metadata and a valid certificate are here.") if tried else str(_NOT_TRIED)) if works else not_yet,
        "web:authentication",
        _("Connect"),
    )


def _steps_in_entra(done: Mapping[str, bool]) -> list[Step]:
    emails, groups = work_emails(), IdpGroup.objects.on_the_page().count()
    return [
        Step(
            "first_request",
            str(TITLES["first_request"]),
            done["first_request"],
            _("The first request has arrived.")
            if done["first_request"]
            else _("Press Test Connection in Entra; it shows up here."),
            elsewhere=True,
        ),
        Step(
            "work_email",
            str(TITLES["work_email"]),
            done["work_email"],
            emails.detail if done["work_email"] else f"{emails.detail} {MAP_THE_WORK_EMAIL}",
            "admin:directory_user_changelist" if emails.first else "",
            _("See who"),
            elsewhere=True,
            query=f"?{urlencode({'q': emails.first})}",
        ),
        Step(
            "provisioned",
            str(TITLES["provisioned"]),
            done["provisioned"],
            _arrived(emails.known, groups),
            elsewhere=True,
        ),
    ]


def _steps_afterwards(site: SiteFacts, done: Mapping[str, bool]) -> list[Step]:
    return [
        Step(
            "group_mappings",
            str(TITLES["group_mappings"]),
            done["group_mappings"],
            _mapped(len(site.mappings))
            if site.mappings
            else _("Give each group its level, permissions and teams with its pencil."),
            "web:scim",
            _("Edit groups"),
        ),
        _first_sign_in(done["first_sign_in"]),
    ]


def _first_sign_in(succeeded: bool) -> Step:
    """Until somebody is linked it waits for the sync, then for a sign-in or a test."""
    key, title = "first_sign_in", str(TITLES["first_sign_in"])
    if succeeded:
        text = _("A sign-in or a test sign-in through the identity provider has succeeded.")
        return Step(key, title, succeeded, text, "admin:saml_signinattempt_changelist", _("Sign-ins"))
    if SignInIdentity.objects.live().filter(user__in=User.objects.provisioned()).exists():
        text = _("People are linked, and nobody has signed in yet. Press Test sign-in, or let the first person try.")
        return Step(key, title, succeeded, text, "web:authentication", _("Try it"))
    text = _("The sync at minute 45 of every hour links people to single sign-on.")
    return Step(key, title, succeeded, text, "admin:saml_syncrun_changelist", _("Sync history"))


def _arrived(users: int, groups: int) -> str:
    if not users and not groups:
        return _("Assign a test user and group in Entra, then use Provision on demand.")
    users_text = ngettext("%(users)s user", "%(users)s users", users) % {"users": f"{users:,}"}
    groups_text = ngettext("%(groups)s group", "%(groups)s groups", groups) % {"groups": f"{groups:,}"}
    return _("%(users)s and %(groups)s so far.") % {"users": users_text, "groups": groups_text}


def _mapped(groups: int) -> str:
    text = ngettext(
        "%(count)s group with a mapping; the others are on the Default Mapping.",
        "%(count)s groups with a mapping; the others are on the Default Mapping.",
        groups,
    )
    return text % {"count": f"{groups:,}"}
