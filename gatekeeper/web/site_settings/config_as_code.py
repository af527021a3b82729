"""Configuration as code on a page: download the document, or hand one over, see what it would do, and apply it."""

import hashlib
import json
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from gatekeeper.config_as_code.apply import Applied, apply_document
from gatekeeper.config_as_code.document import ConfigurationDocument, export_document, read_document
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.errors import DomainError, InvalidValue
from gatekeeper.runtime.transactions import one_transaction
from gatekeeper.web.framework.carried_form import carried_fields
from gatekeeper.web.framework.change_confirmation import (
    NO_QUESTION,
    NotConfirmed,
    Outlook,
    PreviewOutdated,
    Question,
    Shown,
    preview_context,
    require_confirmation,
)
from gatekeeper.web.framework.changes.saved_messages import show_saved
from gatekeeper.web.framework.permissions import Fresh, actor_of, may_configure, only, person_of

FORM = "document-form"
SHOWN_LINES = 400  # of the present document; the download has all
MAXIMUM = 1024 * 1024  # bytes; five thousand groups are a tenth of that


class NotShownYet(DomainError):
    """Apply was pressed before its preview was there. A matter of this page only."""

    code = "not_shown_yet"
    sentence = gettext_lazy("Nothing is applied yet: beside the document is what it would change. Apply once more.")


@require_http_methods(["GET", "POST"])
@only(may_configure, keep=("document",))
def as_code(request: HttpRequest) -> HttpResponseBase:
    """The present document, and a form for another one; Apply is one click when its preview was shown."""
    if request.method != "POST":
        return _page(request, carried_fields(request, ("document",)).get("document", ""))
    text = ""
    try:
        text = _text(request)
        applied = _apply(request, text)
    except NotConfirmed as asked:
        return _page(request, text, question=asked.question)
    except DomainError as refusal:
        return _page(request, text, refusal=str(refusal))
    show_saved(request, _result_text(applied), applied.preview)
    return redirect("web:as_code")


@require_POST
@only(may_configure, fresh=Fresh.NEVER)
def preview(request: HttpRequest) -> HttpResponse:
    """What the document in the form would change."""
    try:
        page = _preview_page(request, _text(request))
    except DomainError as refusal:
        page = {"refused": str(refusal), "shown": {"form_id": FORM}}
    return render(request, "web/site_settings/_document_preview.html", page)


@require_safe
@only(may_configure)
def export(_request: HttpRequest) -> HttpResponse:
    """The document that ``configuration export`` prints, to keep."""
    answer = HttpResponse(f"{_exported()}\n", content_type="application/json")
    answer.headers["Content-Disposition"] = 'attachment; filename="gatekeeper.json"'
    return answer


def _apply(request: HttpRequest, text: str) -> Applied:
    """Apply what was shown, all of it or nothing; nobody else decides meanwhile.

    Raises: NotShownYet; PreviewOutdated; NotConfirmed; what reading and applying a document raise.
    """
    document = read_document(text)
    with one_transaction():
        lock_site()
        tried, fresh = _try(request, document, text)
        shown = Shown.from_form(request.POST)
        if tried.changed and shown.proposal != fresh.shown.proposal:
            raise NotShownYet
        if shown.is_outdated_by(fresh.shown):
            raise PreviewOutdated
        require_confirmation(request, fresh.question())
        return apply_document(document, actor=actor_of(request), confirmed=True)


def _try(request: HttpRequest, document: ConfigurationDocument, text: str) -> tuple[Applied, Outlook]:
    """A dry run, and how the form carries that it was shown."""
    tried = apply_document(document, actor=actor_of(request), dry_run=True, confirmed=True, by=person_of(request))
    said = json.dumps([[change.as_document() for change in tried.changed], tried.preview.fingerprint])
    return tried, Outlook(tried.preview, Shown(_digest(""), _digest(text), _digest(said)))


def _preview_page(request: HttpRequest, text: str) -> dict[str, Any]:
    """Raises what reading and applying a document raise; for no document, nothing is shown."""
    if not text.strip():
        return {"shown": {"form_id": FORM}}
    tried, found = _try(request, read_document(text), text)
    return {"applied": tried, "shown": preview_context(found, FORM, request.POST)}


def _page(request: HttpRequest, text: str = "", *, question: Question = NO_QUESTION, refusal: str = "") -> HttpResponse:
    lines = _exported().splitlines()
    page: dict[str, Any] = {
        "exported": "\n".join(lines[:SHOWN_LINES]),
        "shown_lines": SHOWN_LINES,
        "all_lines": len(lines),
        "text": text,
        "question": question.text,
        "confirmation": question.confirmation,
        "refusal": refusal,
        "shown": {"form_id": FORM},
    }
    with suppress(DomainError):  # it is what ``refusal`` says
        page |= _preview_page(request, text)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if question or refusal else HTTPStatus.OK
    return render(request, "web/site_settings/config_as_code.html", page, status=status)


def _text(request: HttpRequest) -> str:
    """The document of the form: the file, or else what was pasted. Raises InvalidValue."""
    upload = request.FILES.get("file")
    if upload is None:
        return request.POST.get("document", "")
    if (upload.size or 0) > MAXIMUM:
        raise InvalidValue(_("The document"), _("the file is larger than 1 MB."))
    try:
        return bytes(upload.read()).decode("utf-8-sig")
    except ValueError:
        raise InvalidValue(_("The document"), _("the file is no UTF-8 text.")) from None


def _exported() -> str:
    return json.dumps(export_document(), ensure_ascii=False, indent=2)


def _result_text(applied: Applied) -> str:
    if not applied.changed:
        return _("The site is as the document says; nothing was changed.")
    count = len(applied.changed)
    text = ngettext("Applied: %(count)s change.", "Applied: %(count)s changes.", count) % {"count": count}
    return f"{text} {_affected_text(applied.preview.affected)}"


def _affected_text(people: int) -> str:
    if not people:
        return _("Nobody's access changed.")
    text = ngettext("%(count)s person's access changed.", "The access of %(count)s people changed.", people)
    return text % {"count": f"{people:,}"}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
