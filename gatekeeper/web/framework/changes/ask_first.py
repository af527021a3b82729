"""The question before something is done that is a single button on its page."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gatekeeper.web.framework.change_confirmation import Question


def ask_first(request: HttpRequest, question: Question, *, heading: str, button: str, back: str) -> HttpResponse:
    """The question on a page of its own, for what is a single button elsewhere; what was sent goes along.

    ``back``: the address of the page that the button is on.
    """
    own = ("csrfmiddlewaretoken", "confirmed")
    page = {
        "question": question.text,
        "confirmation": question.confirmation,
        "heading": heading,
        "button": button,
        "back": back,
        "sent": [(name, value) for name, values in request.POST.lists() if name not in own for value in values],
    }
    return render(request, "web/framework/ask_first.html", page, status=HTTPStatus.UNPROCESSABLE_ENTITY)
