"""Where the pages of people, groups and other objects are that log entries name, as far as the reader may open them.

A page of a log asks which of its objects there are, so that no link leads to one that is gone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse

from gatekeeper.audit.actor import PROVISIONING_KINDS
from gatekeeper.audit.stream.models import Stream
from gatekeeper.directory.models import IdpGroup, Team, User
from gatekeeper.events.models import MailRecipient, Webhook
from gatekeeper.runtime.statements.unions import union_all
from gatekeeper.web.framework.permissions import Rule, may_configure, may_read_logs, may_read_people, viewer_may
from saml.models import SyncRun
from scim.models import ApiKey, OAuthClient

Thing = tuple[str, str]  # its kind, as audit entries name it, and its id
CREDENTIAL: Final = "credential"
_SAME_PAGE: Final = {"api_key": CREDENTIAL, "oauth_client": CREDENTIAL, "mapping": "group", "person": "user"}
_SAME_PAGE_OF_ACTORS: Final = {"person": "user", **dict.fromkeys(PROVISIONING_KINDS, CREDENTIAL)}


@dataclass(frozen=True, slots=True)
class _Page:
    """The page of one kind of object: its address by name, who may open it, and those objects that have one."""

    name: str
    rule: Rule
    rows: tuple[Callable[[], QuerySet[Any]], ...]


_PAGES: Final[Mapping[str, _Page]] = {
    "user": _Page("web:person", may_read_people, (User.objects.all,)),
    "group": _Page("web:group_users", may_configure, (IdpGroup.objects.live,)),
    "team": _Page("web:team", may_configure, (Team.objects.live,)),
    CREDENTIAL: _Page("web:credential", may_configure, (ApiKey.objects.all, OAuthClient.objects.all)),
    "stream": _Page("web:stream", may_configure, (Stream.objects.all,)),
    "webhook": _Page("web:webhook", may_configure, (Webhook.objects.all,)),
    "mail_recipient": _Page("web:mail_recipient", may_configure, (MailRecipient.objects.all,)),
    "sync_run": _Page("admin:saml_syncrun_change", may_read_logs, (SyncRun.objects.all,)),
}


def thing(kind: str, object_id: object) -> Thing:
    """An object that an entry names."""
    return _SAME_PAGE.get(kind, kind), str(object_id or "")


def actor(kind: str, actor_id: object) -> Thing:
    """Who did something: a person, or a credential."""
    return _SAME_PAGE_OF_ACTORS.get(kind, ""), str(actor_id or "")


def links_of(request: HttpRequest, things: Iterable[Thing]) -> dict[Thing, str]:
    """The addresses of those that have a page for the reader. One statement, or none."""
    ids: dict[str, set[UUID]] = {}
    for kind, object_id in set(things):
        page = _PAGES.get(kind)
        if page and (known := _uuid(object_id)) and viewer_may(request, page.rule):
            ids.setdefault(kind, set()).add(known)
    there = [
        rows().filter(pk__in=wanted).order_by().values_list(Value(kind, output_field=CharField()), "pk")
        for kind, wanted in sorted(ids.items())
        for rows in _PAGES[kind].rows
    ]
    found = union_all(there) if there else ()
    return {(kind, str(key)): reverse(_PAGES[kind].name, args=(key,)) for kind, key in found}


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
