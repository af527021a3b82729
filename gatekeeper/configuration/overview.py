"""Settings > Configuration: where everything is, and which steps of the help page are done."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from gatekeeper.configuration.guards import may_configure, only, person_of
from gatekeeper.configuration.local_account import misses_second_factor
from gatekeeper.directory.access import SiteFacts
from gatekeeper.directory.models import IdpGroup, MappingVersion, SignInIdentity, User
from gatekeeper.directory.queries import site_facts
from gatekeeper.directory.sign_in import break_glass_uses, next_sync
from saml.models import Connection, SyncRun
from scim.models import ApiKey

TOLD_FOR = timedelta(days=7)  # how long the others are shown that a break-glass account was used
TOLD_AT_ONCE = 5  # the audit trail has them all


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the help page: what it is, whether it is done, and where to do it."""

    title: str
    done: bool
    text: str
    address: str = ""
    action: str = ""
    elsewhere: bool = False  # in Entra: this site sees only its consequence


@require_safe
@only(may_configure)
def overview(request: HttpRequest) -> HttpResponse:
    """The two ways on, and the checklist."""
    steps = setup_steps(site_facts())
    done = sum(step.done for step in steps)
    page = {
        "steps": steps,
        "done": done,
        "all_done": done == len(steps),
        "next_step": next((step for step in steps if not step.done), None),
        "last_run": SyncRun.objects.first(),
        "next_sync": next_sync(timezone.now()),
        "misses_second_factor": misses_second_factor(person_of(request)),
        "break_glass": break_glass_uses(timezone.now() - TOLD_FOR).exclude(user=person_of(request))[:TOLD_AT_ONCE],
    }
    return render(request, "configuration/overview.html", page)


def setup_steps(site: SiteFacts) -> list[Step]:
    """The steps in the help page's order, each with what this site knows about it. Eight small queries."""
    return [*_steps_before_entra(site), *_steps_with_entra(site)]


def _steps_before_entra(site: SiteFacts) -> list[Step]:
    scim, connections = reverse("configuration:scim"), reverse("configuration:authentication")
    return [
        Step(
            "Choose the fallback team",
            site.fallback_team_id in site.teams,
            f"{site.teams[site.fallback_team_id]} receives whoever has no other team."
            if site.fallback_team_id in site.teams
            else "Whoever has access but no team goes there. Without one they have no team.",
            scim,
            "Choose",
        ),
        Step(
            "Set the Default Mapping",
            MappingVersion.objects.live().filter(group=None).exists(),
            f"A new group is worth: {site.default_mapping.level.label}. Keep it minimal.",
            reverse("configuration:default_mapping"),
            "Edit",
        ),
        Step(
            "Connect single sign-on",
            Connection.objects.live().exists(),
            "Paste Entra's App Federation Metadata Url, then copy four addresses back.",
            connections,
            "Connect",
        ),
        Step(
            "Give Entra the Base URL and an API key",
            ApiKey.objects.active().exists(),
            "Generate the key, copy it into Entra's Secret Token, press Test Connection there.",
            scim,
            "Generate",
        ),
    ]


def _steps_with_entra(site: SiteFacts) -> list[Step]:
    people = User.objects.provisioned()
    key_used = ApiKey.objects.active().exclude(last_used_at=None).exists()
    return [
        Step(
            "Hear from Entra",
            key_used,
            "The first request has arrived." if key_used else "Press Test Connection in Entra; it shows up here.",
            elsewhere=True,
        ),
        Step(
            "Receive users and groups",
            people.exists() and IdpGroup.objects.on_the_page().exists(),
            _arrived(),
            elsewhere=True,
        ),
        Step(
            "Say what the groups are worth",
            bool(site.mappings),
            "Give each group its level, permissions and teams with its pencil.",
            reverse("configuration:scim"),
            "Edit groups",
        ),
        Step(
            "Let the first person sign in",
            people.filter(Exists(SignInIdentity.objects.live().filter(user=OuterRef("pk")))).exists(),
            "The sync at minute 45 of every hour links people to single sign-on.",
            reverse("admin:saml_syncrun_changelist"),
            "Sync history",
        ),
    ]


def _arrived() -> str:
    users, groups = User.objects.provisioned().count(), IdpGroup.objects.on_the_page().count()
    if not users and not groups:
        return "Assign a test user and group in Entra, then use Provision on demand."
    return f"{users:,} user{'' if users == 1 else 's'} and {groups:,} group{'' if groups == 1 else 's'} so far."
