"""Which steps of the help page are done, judged from what this site knows; pages, API and doctor say the same of each.

It reads the SCIM and the SAML endpoint's models, so it stands above both, and names pages by their URL names only.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.identity_linking.linking import TOMBSTONE_PATTERN
from gatekeeper.directory.models import IdpGroup, MappingVersion, SignInIdentity, User
from saml.models import Certificate, Connection
from scim.models import ApiKey, ClientSecret, OAuthClient

NO_FALLBACK_TEAM = gettext_lazy("None is chosen; people whom no mapping puts in a team have none.")
NO_KEY = gettext_lazy("There is no active API key; nobody can provision.")
NO_CONNECTION = gettext_lazy("There is no SAML connection; only local administrators can sign in.")
MAP_THE_WORK_EMAIL = gettext_lazy(
    "In Entra's Provisioning, Mappings, Provision Microsoft Entra ID Users: give "
    'emails[type eq "work"].value the source attribute userPrincipalName.'
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the help page. ``page`` names where to do it, ``action`` is the button; ``elsewhere``: in Entra.

    ``detail`` says what is, and what to do if it is not done.
    """

    key: str
    title: str
    done: bool
    detail: str
    page: str = ""
    action: str = ""
    elsewhere: bool = False

    @property
    def address(self) -> str:
        """Where to do it; "" where this site has no page for it."""
        return reverse(self.page) if self.page else ""

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

    ``known``: how many there are, active or not.
    """

    people: int
    differing: int
    example: str
    known: int = 0

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
    return [*_steps_here(site), *_steps_in_entra(), *_steps_afterwards(site)]


def work_emails() -> WorkEmails:
    """Whether Entra maps userPrincipalName to the work e-mail, seen from what it sends. Three queries at most."""
    counted = User.objects.provisioned().aggregate(known=Count("pk"), active=Count("pk", filter=Q(active=True)))
    known, active = counted["known"], counted["active"]
    people = User.objects.provisioned().filter(active=True)
    other = people.filter(Q(work_email=None) | ~Q(work_email_folded=F("user_name_folded")))
    other = other.exclude(user_name__regex=TOMBSTONE_PATTERN)  # says nothing of the mapping
    first = other.order_by("user_name_folded").first()
    if first is None:
        return WorkEmails(active, 0, "", known)
    example = _("%(user_name)s has %(work_email)s") % {
        "user_name": first.user_name,
        "work_email": first.work_email or _("none"),
    }
    return WorkEmails(active, other.count(), example, known)


def _steps_here(site: SiteFacts) -> list[Step]:
    fallback = site.teams.get(site.fallback_team_id) if site.fallback_team_id else None
    return [
        Step(
            "fallback_team",
            _("Choose the fallback team"),
            fallback is not None,
            _("%(fallback)s receives whoever has no other team.") % {"fallback": fallback}
            if fallback
            else str(NO_FALLBACK_TEAM),
            "web:scim",
            _("Choose"),
        ),
        Step(
            "default_mapping",
            _("Set the Default Mapping"),
            MappingVersion.objects.live().filter(group=None).exists(),
            _("A new group grants: %(level)s. Keep it minimal.") % {"level": site.default_mapping.level.label},
            "web:default_mapping",
            _("Edit"),
        ),
        _single_sign_on(),
        _credential(),
    ]


def _credential() -> Step:
    """A key that never ends is named; an OAuth client does as well as a key."""
    keys = list(ApiKey.objects.active())
    endless = next((key for key in keys if key.expires_at is None), None)
    works = bool(keys) or _client_works()
    generate = _("Generate one and copy it into Entra's Secret Token.")
    detail = _("The key is active.") if keys else _("An OAuth client is active.") if works else f"{NO_KEY} {generate}"
    if endless:
        detail = _("The key %(hint)s… is active and has no end; give the next one an end, or move to an OAuth client.")
        detail %= {"hint": endless.hint}
    title = _("Give Entra the Base URL and an API key")
    return Step("api_key", title, works, detail, "web:scim", _("Generate"))


def _client_works() -> bool:
    now = timezone.now()
    has_secret = Q(Exists(ClientSecret.objects.filter(client=OuterRef("pk"), revoked_at=None, expires_at__gt=now)))
    return OAuthClient.objects.filter(~Q(issuer="") | has_secret, revoked_at=None).exists()


def _single_sign_on() -> Step:
    connections = Connection.objects.live()
    is_valid = Certificate.objects.live().filter(connection=OuterRef("pk"), not_after__gt=timezone.now())
    works = connections.filter(Exists(is_valid)).exists()
    not_yet = _("The connection has no certificate that is valid; refresh its metadata.")
    if not connections.exists():
        paste = _("Paste Entra's App Federation Metadata Url, then copy four addresses back.")
        not_yet = f"{NO_CONNECTION} {paste}"
    return Step(
        "single_sign_on",
        _("Connect single sign-on"),
        works,
        _("Metadata and a valid certificate are here.") if works else not_yet,
        "web:authentication",
        _("Connect"),
    )


def _steps_in_entra() -> list[Step]:
    clients = OAuthClient.objects.filter(revoked_at=None)
    used = any(each.exclude(last_used_at=None).exists() for each in (ApiKey.objects.active(), clients))
    emails, groups = work_emails(), IdpGroup.objects.on_the_page().count()
    mapped = emails.people > 0 and not emails.differing
    return [
        Step(
            "first_request",
            _("Hear from Entra"),
            used,
            _("The first request has arrived.") if used else _("Press Test Connection in Entra; it shows up here."),
            elsewhere=True,
        ),
        Step(
            "work_email",
            _("Map the work e-mail to userPrincipalName"),
            mapped,
            emails.detail if mapped else f"{emails.detail} {MAP_THE_WORK_EMAIL}",
            elsewhere=True,
        ),
        Step(
            "provisioned",
            _("Receive users and groups"),
            emails.people > 0 and groups > 0,
            _arrived(emails.known, groups),
            elsewhere=True,
        ),
    ]


def _steps_afterwards(site: SiteFacts) -> list[Step]:
    return [
        Step(
            "group_mappings",
            _("Say what the groups grant"),
            bool(site.mappings),
            _mapped(len(site.mappings))
            if site.mappings
            else _("Give each group its level, permissions and teams with its pencil."),
            "web:scim",
            _("Edit groups"),
        ),
        Step(
            "first_sign_in",
            _("Let the first person sign in"),
            _linked(User.objects.provisioned()).exists(),
            _("The sync at minute 45 of every hour links people to single sign-on."),
            "admin:saml_syncrun_changelist",
            _("Sync history"),
        ),
    ]


def _linked(people: QuerySet[User]) -> QuerySet[User]:
    return people.filter(Exists(SignInIdentity.objects.live().filter(user=OuterRef("pk"))))


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
