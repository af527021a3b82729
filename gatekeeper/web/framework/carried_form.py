"""Form data that was sent before a step-up sign-in: put back into the form, one time."""

from collections.abc import Iterable

from django.http import HttpRequest, QueryDict

from gatekeeper.sessions.browser_session import CARRIED


def take_carried_form(request: HttpRequest) -> QueryDict | None:
    """What was in this page's form before its person signed in again; the second call returns None, as without one."""
    carried = request.session.get(CARRIED)
    if not carried or not carried.get("answered") or carried["back"] != request.get_full_path():
        return None
    del request.session[CARRIED]
    return QueryDict(carried["form"])


def carried_fields(request: HttpRequest, names: Iterable[str]) -> dict[str, str]:
    """The same as initial values of a form: each of the names, with "" for what was left empty or not ticked."""
    carried = take_carried_form(request) if request.method == "GET" else None
    return {} if carried is None else {name: carried.get(name, "") for name in names}
