"""What is done to the site's database behind its back, where a page needs hours or an attacker to show something.

Called in a process with the site's own settings; each function returns what can be written as JSON.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification_runs import verify_and_keep
from gatekeeper.audit.models import AuditEntry, AuditHead, AuditSegment, SealingRun, VerificationRun
from gatekeeper.audit.segments.files import folder
from gatekeeper.audit.segments.refusals import Reason
from gatekeeper.audit.segments.sealing import seal_until
from gatekeeper.audit.stream.models import Stream
from gatekeeper.directory.access.loaders import access_of_many, local_administrator_called
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.models import SignIn, User
from gatekeeper.setup_links.lifecycle import create_link
from gatekeeper.setup_links.models import Scope, SetupLink
from gatekeeper.web.framework import error_pages as site_error_pages
from tests.audit.chain.attacker import without_triggers
from tests.web.pages import queries_of, signed_in

ROLES = {
    "ordinary person": lambda access: not (access.can_read_logs or access.can_read_reports or access.can_configure),
    "auditor": lambda access: access.can_read_logs and not access.can_configure,
    "administrator": lambda access: access.can_configure and access.can_use_api,
    "reports": lambda access: access.can_read_reports and not access.can_read_logs,
}


def sessions() -> dict[str, str]:
    """A session of one person of each role."""
    people = list(User.objects.provisioned().filter(active=True).order_by("user_name_folded"))
    access = access_of_many(people)
    return {role: _session(_first(people, access, role)) for role in ROLES}


def _first(people: list[User], access: dict[object, Access], role: str) -> User:
    return next(one for one in people if access[one.id].can_sign_in and ROLES[role](access[one.id]))


def _session(user: User) -> str:
    return signed_in(Client(), user).cookies[settings.SESSION_COOKIE_NAME].value


def let_sessions_age(email: str) -> int:
    """Whoever signed in has to sign in again before a change."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    mine = SignIn.objects.live().filter(user__user_name_folded=email)
    return mine.update(since=an_hour_ago, authenticated_at=an_hour_ago)


def let_link_expire() -> int:
    """The newest set-up link: its days are over."""
    newest = SetupLink.objects.latest("created_at")
    return SetupLink.objects.filter(pk=newest.pk).update(expires_at=timezone.now())


def verification_goes_on() -> int:
    """A worker is at it."""
    now = timezone.now()
    run = VerificationRun.objects.create(started_at=now, progressed_at=now, total=48_211, checked=20_730)
    return int(run.pk)


def verification_was_given_up() -> int:
    """Its worker was stopped."""
    long_ago = timezone.now() - timedelta(hours=1)
    return VerificationRun.objects.filter(finished_at=None).update(
        asked_at=long_ago, started_at=long_ago, progressed_at=long_ago
    )


def old_entries_are_sealed() -> int:
    """The first entries go to files: one of them is missing, and a run after that has failed."""
    link_new_entries()
    Stream.objects.update(position=AuditHead.objects.get().position)  # a SIEM has them all
    oldest = list(AuditEntry.objects.exclude(position=None).order_by("position").values_list("at", flat=True)[:30])
    seal_until(oldest[10], actor=Actor.command("tests"))
    seal_until(oldest[-1], actor=Actor.command("tests"))
    segment = AuditSegment.objects.latest("number")
    (folder() / segment.file).unlink()
    now, failure = timezone.now(), {"code": Reason.DISK_FULL, "folder": str(folder())}
    return int(SealingRun.objects.create(finished_at=now, failure=failure).pk)


def damage_is_found() -> list[str]:
    """Two entries were altered by who can write to the database, one was deleted, and the trail is verified."""
    first, second, third = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True)[10:13]
    with without_triggers():
        AuditEntry.objects.filter(pk__in=(first, second)).update(object_label="Somebody else")
        AuditEntry.objects.filter(pk=third).delete()
    return [str(each) for each in verify_and_keep(VerificationRun.objects.create()).problems]


def error_pages() -> dict[str, str]:
    """By status the HTML of the error pages that one cannot ask for."""
    return {status: error_page(status) for status in _PAGES}


def set_up_links(*wanted: dict[str, str]) -> list[str]:
    """The addresses of new set-up links: for each its scope, and its product or connection."""
    actor = Actor.command("setup_link")
    tokens = [create_link("Ada Obi", each.pop("scope", Scope.BOTH), actor=actor, **each)[1] for each in wanted]
    return [settings.PUBLIC_URL + reverse("web:setup_open", args=(token,)) for token in tokens]


def error_page(name: str) -> str:
    """The HTML of an error page that one cannot ask for."""
    request = RequestFactory().get("/")
    request.request_id = "4f1c2ab07d3e"
    return _PAGES[name](request).content.decode()


def _too_busy(request: HttpRequest) -> HttpResponse:
    return site_error_pages._unavailable(request, "statement_timeout")


_PAGES = {
    "429": site_error_pages.too_many_attempts,
    "500": site_error_pages.server_error,
    "503": _too_busy,
    "400": site_error_pages.bad_request,
}


def statements(email: str, paths: list[str]) -> dict[str, int]:
    """How many statements of the database each page takes, for a local administrator who has opened it before."""
    browser = signed_in(
        Client(SERVER_NAME=urlsplit(settings.PUBLIC_URL).hostname or ""), local_administrator_called(email)
    )
    return {path: queries_of(browser, path) for path in paths}
