"""Text of the provisioning log for people, made of the stored codes: what changed, why not, and what to look at."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gatekeeper.audit.models import Outcome, ProvisioningEntry
from gatekeeper.audit.provisioning_codes import WORK_EMAIL, Change, ChangeCode, FailureReason, WarningCode
from gatekeeper.audit.redact import REDACTED
from gatekeeper.errors import (
    GroupNameTaken,
    GroupNotFound,
    HeldForApproval,
    InvalidValue,
    NobodyCouldConfigure,
    PrivilegeHeld,
    UnknownMembers,
    UserNameTaken,
    UserNotFound,
    VersionMismatch,
)

_PEOPLE_NAMED = 3

# For a refusal with these parameters the text says everything; else the detail that the client got follows a label.
_REASONS: Mapping[str, Promise] = {
    HeldForApproval.code: gettext_lazy(
        "Held for approval: %(lost)s of %(active)s active users would lose access within %(minutes)s minutes."
    ),
    UserNameTaken.code: gettext_lazy("Another user already has the userName %(user_name)s."),
    GroupNameTaken.code: gettext_lazy("Another group already has the displayName %(display_name)s."),
    FailureReason.TOO_MANY_REQUESTS: gettext_lazy("More than %(rate)s requests a second."),
    FailureReason.ADDRESS_NOT_ALLOWED: gettext_lazy("The address %(address)s is in none of the credential's networks."),
}
_OUTCOMES: Mapping[str, Promise] = {
    Outcome.CHANGED: gettext_lazy("Changed"),
    Outcome.UNCHANGED: gettext_lazy("Unchanged"),
    Outcome.REFUSED: gettext_lazy("Refused"),
    Outcome.FAILED: gettext_lazy("Failed"),
    Outcome.READ: gettext_lazy("Read"),
}
_LABELS: Mapping[str, Promise] = {
    "invalidFilter": gettext_lazy("Invalid filter"),
    "invalidPath": gettext_lazy("Invalid path"),
    "invalidSyntax": gettext_lazy("Invalid request body"),
    "invalidValue": gettext_lazy("Invalid value"),
    "tooMany": gettext_lazy("Filter too large"),
    "noTarget": gettext_lazy("No target"),
    "mutability": gettext_lazy("Read-only attribute"),
    "invalidCursor": gettext_lazy("Invalid cursor"),
    "expiredCursor": gettext_lazy("Expired cursor"),
    "unauthorized": gettext_lazy("No valid key"),
    FailureReason.DATABASE_BUSY: gettext_lazy("Database busy"),
    FailureReason.INTERNAL_ERROR: gettext_lazy("Failed"),
}


# Refusals whose text says more than a few words, in a few words.
_SHORT: Mapping[str, Promise] = {
    UserNotFound.code: gettext_lazy("No such user"),
    GroupNotFound.code: gettext_lazy("No such group"),
    UnknownMembers.code: gettext_lazy("Unknown members"),
    InvalidValue.code: gettext_lazy("Value refused"),
    VersionMismatch.code: gettext_lazy("Changed meanwhile"),
    NobodyCouldConfigure.code: gettext_lazy("Nobody could configure any more"),
    "not_found": gettext_lazy("No such resource"),
    "forbidden": gettext_lazy("Not allowed"),
    "method_not_allowed": gettext_lazy("Method not possible here"),
    "not_acceptable": gettext_lazy("No acceptable answer"),
    "conflict": gettext_lazy("Conflict"),
    "unsupported_media_type": gettext_lazy("Unsupported media type"),
    "precondition_failed": gettext_lazy("Precondition failed"),
    "not_implemented": gettext_lazy("Not implemented"),
    "too_large": gettext_lazy("Request too large"),
    "too_slow": gettext_lazy("Request arrived too slowly"),
    "overloaded": gettext_lazy("Site overloaded"),
    HeldForApproval.code: gettext_lazy("Held for approval: too many people would lose access"),
    PrivilegeHeld.code: gettext_lazy("Held for approval: somebody would become Global Administrator"),
    UserNameTaken.code: gettext_lazy("The userName is taken"),
    GroupNameTaken.code: gettext_lazy("The displayName is taken"),
    FailureReason.TOO_MANY_REQUESTS: gettext_lazy("Too many requests"),
    FailureReason.ADDRESS_NOT_ALLOWED: gettext_lazy("Address not allowed"),
}


def reason_labels() -> dict[str, Promise]:
    """The reasons for which requests are refused or fail, by their code, each in a few words; in order of the words."""
    labels = {str(code): label for code, label in {**_LABELS, **_SHORT}.items()}
    return dict(sorted(labels.items(), key=lambda each: str(each[1]).casefold()))


def reason_label(code: str) -> str:
    """A reason in a few words; the code of one that has none."""
    return str(reason_labels().get(code, code))


def outcome_text(code: str) -> str:
    """An outcome in a word."""
    return str(_OUTCOMES.get(code, code))


def reason_text(entry: ProvisioningEntry) -> str:
    """Why a request was refused or failed; "" for one that was not."""
    parameters = entry.parameters or {}
    if entry.reason == PrivilegeHeld.code and parameters.get("people"):
        return _("Held for approval: Global Administrator for %(people)s.") % {"people": _people(parameters)}
    try:
        return str(_REASONS[entry.reason]) % dict(parameters)
    except KeyError:
        label = _LABELS.get(entry.reason)
    if label is None or not entry.detail:
        return entry.detail or str(label or "")
    return _("%(label)s: %(detail)s") % {"label": label, "detail": entry.detail}


def summary_text(entry: ProvisioningEntry) -> str:
    """An entry in one line: why the request was refused, or what it changed."""
    return reason_text(entry) or "; ".join(change_texts(entry.changed)) or _("Nothing")


def held_text(entry: ProvisioningEntry, members: Sequence[str]) -> str:
    """What a held request would do. ``members`` are the names of those whom it would remove from a group."""
    parameters = entry.parameters or {}
    if entry.reason == PrivilegeHeld.code:
        people = _people(parameters) if parameters.get("people") else _("somebody")
        return _("Make %(people)s Global Administrator") % {"people": people}
    if entry.user_id:
        return _("Delete the person") if entry.method == "DELETE" else _("Deactivate the person")
    if not members:
        return _("Remove members from the group")
    return _("Remove from the group: %(members)s") % {"members": _some(members, len(members))}


def change_texts(changed: Sequence[Any] | None) -> list[str]:
    """One sentence for each change of a request."""
    return [change_text(change) for change in changed or ()]


def change_text(change: Any) -> str:
    """A change as a sentence; one that this version does not know as its code."""
    if not isinstance(change, dict):
        return str(change)
    code = str(change.get("code", ""))
    return _CHANGES[code](change) if code in _CHANGES else code


def warning_text(warning: Mapping[str, Any]) -> str:
    """What an administrator should look at in a request."""
    if warning.get("code") != WarningCode.REMOVED_ALL:
        return str(warning.get("code", ""))
    text = ngettext(
        "The request was read as “remove all”: it took away the only value of %(attribute)s without naming what goes.",
        "The request was read as “remove all”: it took away all %(count)s %(attribute)s without naming what goes.",
        warning["count"],
    )
    return text % {"count": warning["count"], "attribute": warning["attribute"]}


def _with_name(template: Promise) -> Callable[[Change], str]:
    return lambda change: str(template) % {"name": change["name"], "id": change.get("id", "")}


def _members(change: Change) -> str:
    count = change["count"]
    if change["code"] == ChangeCode.MEMBERS_ADDED:
        text = ngettext("Added %(count)s member: %(members)s", "Added %(count)s members: %(members)s", count)
    else:
        text = ngettext("Removed %(count)s member: %(members)s", "Removed %(count)s members: %(members)s", count)
    return text % {"count": count, "members": _and_more(", ".join(change["ids"]), change.get("more", 0))}


def _attribute(change: Change) -> str:
    values = {
        "attribute": _attribute_name(change["attribute"]),
        "before": _quoted(change.get("before")),
        "after": _quoted(change.get("after")),
    }
    if change["code"] == ChangeCode.ATTRIBUTE_SET:
        return _("%(attribute)s set to %(after)s") % values
    if change["code"] == ChangeCode.ATTRIBUTE_REMOVED:
        return _("%(attribute)s removed, which was %(before)s") % values
    return _("%(attribute)s changed from %(before)s to %(after)s") % values


def _elements(change: Change) -> str:
    values = {"attribute": change["attribute"], "elements": ""}
    if change["code"] == ChangeCode.ELEMENTS_REORDERED:
        return _("%(attribute)s put into another order") % values
    texts = map(_altered if change["code"] == ChangeCode.ELEMENTS_ALTERED else _element, change["elements"])
    values["elements"] = _and_more(", ".join(texts), change.get("more", 0))
    if change["code"] == ChangeCode.ELEMENTS_ADDED:
        return _("%(attribute)s added: %(elements)s") % values
    if change["code"] == ChangeCode.ELEMENTS_REMOVED:
        return _("%(attribute)s removed: %(elements)s") % values
    return _("%(attribute)s altered: %(elements)s") % values


def _altered(altered: Mapping[str, Any]) -> str:
    return f"{_element(altered['element'])} {', '.join(change_texts(altered['changes']))}"


def _element(element: Mapping[str, Any]) -> str:
    """An element with everything that is stored of it: “w@x” (work, primary)."""
    head = _quoted(element["value"]) if "value" in element else ""
    kind = [str(element["type"])] if "type" in element else []
    rest = [_sub_attribute(name, value) for name, value in element.items() if name not in ("value", "type")]
    details = ", ".join(each for each in [*kind, *rest] if each)
    return f"{head} ({details})".lstrip() if details else head


def _sub_attribute(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return name if value else ""
    return f"{name} {_quoted(value)}"


def _attribute_name(name: str) -> str:
    return _("sign-in e-mail") if name == WORK_EMAIL else name


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return _("true") if value else _("false")
    return REDACTED if value == REDACTED else _("“%(text)s”") % {"text": value}


def _people(parameters: Mapping[str, Any]) -> str:
    names = [str(each["name"]) for each in parameters["people"]]
    return _some(names, int(parameters.get("count", len(names))))


def _some(names: Sequence[str], count: int) -> str:
    """The first names, and how many more there are."""
    return _and_more(", ".join(names[:_PEOPLE_NAMED]), count - len(names[:_PEOPLE_NAMED]))


def _and_more(named: str, more: int) -> str:
    return _("%(named)s and %(more)s more") % {"named": named, "more": more} if more > 0 else named


def _each(codes: Iterable[ChangeCode], make: Callable[[Change], str]) -> dict[str, Callable[[Change], str]]:
    return {code.value: make for code in codes}


_CHANGES: Mapping[str, Callable[[Change], str]] = {
    ChangeCode.USER_CREATED: _with_name(gettext_lazy("Created user %(name)s")),
    ChangeCode.USER_REVIVED: _with_name(gettext_lazy("Revived user %(name)s")),
    ChangeCode.USER_DELETED: _with_name(gettext_lazy("Deleted user %(name)s")),
    ChangeCode.USER_REPLACED: _with_name(gettext_lazy("Deleted user %(name)s (%(id)s): another person has the name")),
    ChangeCode.GROUP_CREATED: _with_name(gettext_lazy("Created group %(name)s")),
    ChangeCode.GROUP_DELETED: _with_name(gettext_lazy("Deleted group %(name)s")),
    **_each((ChangeCode.MEMBERS_ADDED, ChangeCode.MEMBERS_REMOVED), _members),
    **_each((ChangeCode.ATTRIBUTE_SET, ChangeCode.ATTRIBUTE_CHANGED, ChangeCode.ATTRIBUTE_REMOVED), _attribute),
    **_each((each for each in ChangeCode if each.startswith("elements_")), _elements),
    ChangeCode.TEXT: lambda change: str(change["text"]),
}
