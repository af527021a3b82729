"""Who had a permission or a level at a moment, or what changed between two: the auditor's page, and its rows as CSV."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.people_pages import are_few, page_by_name
from gatekeeper.directory.access.people_parts import count_people
from gatekeeper.directory.explanation import who_changed
from gatekeeper.directory.explanation.who_had import COLUMNS_OF_HOLDERS, as_row, holders, with_access
from gatekeeper.directory.explanation.who_had import who_had as who_had_it
from gatekeeper.directory.levels import Level
from gatekeeper.directory.permissions import Permission
from gatekeeper.runtime.csv_export import csv_answer
from gatekeeper.web.framework.change_confirmation import place_of
from gatekeeper.web.framework.keyset_lists import COUNTED
from gatekeeper.web.framework.permissions import may_read_people, may_read_reports, only, viewer_may
from gatekeeper.web.people.who_had_question import Question, question_of

SHOWN = 50  # people of each side of a comparison


@require_safe
@only(may_read_reports)
def who_had(request: HttpRequest) -> HttpResponse:
    """The form, and a page of the answer."""
    question = question_of(request)
    page: dict[str, Any] = {
        "question": question,
        "levels": [level for level in sorted(Level, reverse=True) if level is not Level.NONE],
        "known_permissions": list(Permission),
        "sees_people": viewer_may(request, may_read_people),
        **(_changes(question, request.GET) if question.other else _answer(question, request.GET)),
    }
    return render(request, "web/people/who_had.html", page, status=400 if question.refused else 200)


@require_safe
@only(may_read_reports)
def who_had_csv(request: HttpRequest) -> HttpResponseBase:
    """Everybody of the answer as CSV, sent while it is read; the columns of ``manage.py who_had --csv``.

    Of a comparison: everybody who gained or lost it, and why.
    """
    question = question_of(request)
    if question.wanted is None:
        refusal = question.refused or _("Choose a permission or a level.")
        return HttpResponse(f"{refusal}\n", status=400, content_type="text/plain; charset=utf-8")
    at, wanted = question.at or timezone.now(), question.wanted
    if question.other:
        found = who_changed.compare(wanted, *question.moments)
        return csv_answer(f"who-changed-{question.name}", found.later, who_changed.COLUMNS, who_changed.rows(found))
    rows = (as_row(user, access, wanted) for user, access in who_had_it(wanted, at))
    return csv_answer(f"who-had-{question.name}", at, COLUMNS_OF_HOLDERS, rows)


def _answer(question: Question, asked: QueryDict) -> dict[str, Any]:
    """A page of the answer. How many people it has is counted when it is asked for: the page's script does."""
    if question.wanted is None:
        return {}
    site = site_facts(question.at)
    people = holders(question.wanted, question.at, site)
    page = page_by_name(people, place_of(asked))
    rows = [
        {"person": user, **as_row(user, access, question.wanted), "level": access.level.label}
        for user, access in with_access([user.id for user in page.people], question.at, site)
    ]
    is_whole = not page.has_previous and not page.has_next
    total = len(rows) if is_whole else count_people(people) if COUNTED in asked or are_few() else None
    shows_email = any(row["email"] and row["email"].lower() != row["user_name"].lower() for row in rows)
    return {"page_of_people": page, "rows": rows, "total": total, "shows_email": shows_email}


def _changes(question: Question, asked: QueryDict) -> dict[str, Any]:
    """The first of those who gained and who lost it, with the changes that did it. Nine statements at most.

    In a large company everybody's facts of two moments are compared when that is asked for: the page's script does.
    """
    if question.wanted is None:
        return {}
    if COUNTED not in asked and not are_few():
        return {"awaited": True}
    found = who_changed.compare(question.wanted, *question.moments)
    numbers = who_changed.counts(found)
    shown = [who_changed.some_of(people, SHOWN) for people in (found.gained, found.lost)]
    why = who_changed.reasons(found, [user for some in shown for user in some])
    titles = (_("Gained it"), _("Lost it"))
    sides = [
        {"title": title, "number": number, "people": [(user, why[user.id]) for user in some], "at": at}
        for title, number, some, at in zip(titles, numbers, shown, (found.later, found.earlier), strict=True)
    ]
    return {"sides": sides, "earlier": found.earlier, "later": found.later}
