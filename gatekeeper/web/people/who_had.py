"""Who had a permission or a level at a moment: the auditor's page, and the same rows as CSV."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.past import past_moment
from gatekeeper.directory.access.people_pages import are_few, page_by_name
from gatekeeper.directory.access.people_parts import count_people
from gatekeeper.directory.explanation.who_had import COLUMNS, as_row, holders, level_or_permission, with_access
from gatekeeper.directory.explanation.who_had import who_had as who_had_it
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import InvalidValue
from gatekeeper.runtime.csv_export import csv_lines
from gatekeeper.web.framework.change_confirmation import place_of
from gatekeeper.web.framework.keyset_lists import COUNTED
from gatekeeper.web.framework.permissions import may_read_people, may_read_reports, only, viewer_may
from gatekeeper.web.people.person_access import picker


@dataclass(frozen=True, slots=True)
class Question:
    """What the form asks; ``refused`` says why it cannot be answered. Nothing is asked before something is chosen."""

    name: str = ""
    wanted: Level | Permission | None = None
    at: datetime | None = None
    refused: str = ""

    @property
    def label(self) -> str:
        return self.wanted.label if self.wanted is not None else ""


@require_safe
@only(may_read_reports)
def who_had(request: HttpRequest) -> HttpResponse:
    """The form, and a page of the answer."""
    question = _question(request)
    page: dict[str, Any] = {
        "question": question,
        "picker": picker(question.at),
        "levels": [level for level in sorted(Level, reverse=True) if level is not Level.NONE],
        "known_permissions": list(Permission),
        "sees_people": viewer_may(request, may_read_people),
        **_answer(question, request.GET),
    }
    return render(request, "web/people/who_had.html", page, status=400 if question.refused else 200)


@require_safe
@only(may_read_reports)
def who_had_csv(request: HttpRequest) -> HttpResponseBase:
    """Everybody of the answer as CSV, sent while it is read; the columns of ``manage.py who_had --csv``."""
    question = _question(request)
    if question.wanted is None:
        refusal = question.refused or _("Choose a permission or a level.")
        return HttpResponse(f"{refusal}\n", status=400, content_type="text/plain; charset=utf-8")
    at = question.at or timezone.now()
    rows = (as_row(user, access) for user, access in who_had_it(question.wanted, at))
    answer = StreamingHttpResponse(csv_lines(COLUMNS, rows), content_type="text/csv; charset=utf-8")
    name = f"who-had-{question.name}-{at.astimezone(UTC):%Y-%m-%dT%H%M%SZ}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _question(request: HttpRequest) -> Question:
    name, text = request.GET.get("wanted", "").strip(), request.GET.get("at", "").strip()
    try:
        wanted = level_or_permission(name) if name else None
        at = past_moment(text) if text else None
    except InvalidValue as refusal:
        return Question(refused=f"{refusal.reason[:1].upper()}{refusal.reason[1:]}")
    return Question(name, wanted, at)


def _answer(question: Question, asked: QueryDict) -> dict[str, Any]:
    """A page of the answer. How many people it has is counted when it is asked for: the page's script does."""
    if question.wanted is None:
        return {}
    site = site_facts(question.at)
    people = holders(question.wanted, question.at, site)
    page = page_by_name(people, place_of(asked))
    rows = [
        {"person": user, **as_row(user, access), "level": access.level.label}
        for user, access in with_access([user.id for user in page.people], question.at, site)
    ]
    is_whole = not page.has_previous and not page.has_next
    total = len(rows) if is_whole else count_people(people) if COUNTED in asked or are_few() else None
    return {"page_of_people": page, "rows": rows, "total": total}
