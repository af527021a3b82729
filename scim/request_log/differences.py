"""What an edit changed, in sentences that an administrator reads in the provisioning log. Pure.

Whatever differs is named, and each value that was taken away.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gatekeeper.audit.models import Warned
from gatekeeper.audit.redact import REDACTED, is_secret
from gatekeeper.directory.changes import UserRecord
from scim.protocol.schemas import USER
from scim.resources.profiles import user_profile

_NAMED = 100  # values of one attribute, ids of members; the rest is counted
_TEXT_LIMIT = 100  # characters of a value

_Key = tuple[str, str]  # the URN of the extension or "", and the attribute's name
_Identity = tuple[str, str, int]  # value and type of an element, and which one of several with both


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """One sentence for each single value that differs; for a list, what was removed, added and altered in it."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return [
        sentence
        for key in {**old, **new}
        if old.get(key) != new.get(key)
        for sentence in _sentences(key[1], old.get(key), new.get(key))
    ]


def user_differences(before: UserRecord, after: UserRecord) -> list[str]:
    """Like ``differences`` for a whole person, with the address that they sign in with, which follows from the rest."""
    told = differences(user_profile(before), user_profile(after))
    if before.work_email != after.work_email:
        told += _sentences("sign-in e-mail", before.work_email, after.work_email)
    return told


def lists_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, int]:
    """How many elements each multi-valued attribute had that is another one now."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return {
        f"{urn}:{name}" if urn else name: len(each)
        for (urn, name), each in old.items()
        if isinstance(each, list) and each != new.get((urn, name))
    }


def warnings_of(emptied: Collection[str], taken_away: Mapping[str, int]) -> list[dict[str, Any]]:
    """The log's warnings that a request was read as "remove all" of these attributes."""
    return [
        {"code": Warned.REMOVED_ALL.value, "attribute": name, "count": count}
        for name, count in taken_away.items()
        if count and name in emptied
    ]


def listed(things: Collection[str]) -> str:
    """Some of many, and how many more there are."""
    named = ", ".join(list(things)[:_NAMED])
    return named if len(things) <= _NAMED else f"{named} and {len(things) - _NAMED} more"


def _flat(profile: Mapping[str, Any]) -> Iterator[tuple[_Key, Any]]:
    """The attributes of extensions and of single objects beside the others: "department", "name.familyName"."""
    for name, value in profile.items():
        if USER.extension(name) is not None and isinstance(value, Mapping):
            yield from (((name, inner), each) for (_, inner), each in _flat(value))
        elif isinstance(value, Mapping):
            yield from ((("", f"{name}.{inner}"), each) for inner, each in value.items())
        else:
            yield ("", name), value


def _sentences(name: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, list) or isinstance(after, list):
        yield from _about_list(name, _identified(before or ()), _identified(after or ()))
    elif before is None:
        yield f"{name} set to {_shown(after)}"
    elif after is None:
        yield f"{name} removed, which was {_shown(before)}"
    else:
        yield f"{name} changed from {_shown(before)} to {_shown(after)}"


def _about_list(name: str, before: Mapping[_Identity, Any], after: Mapping[_Identity, Any]) -> Iterator[str]:
    gone = [_element(name, each) for identity, each in before.items() if identity not in after]
    new = [_element(name, each) for identity, each in after.items() if identity not in before]
    if gone:
        yield f"{name} removed: {listed(gone)}"
    if new:
        yield f"{name} added: {listed(new)}"
    altered = [
        f"{_called(name, each)} {', '.join(differences(each, after[identity]))}"
        for identity, each in before.items()
        if identity in after and each != after[identity]
    ]
    if altered:
        yield f"{name} altered: {listed(altered)}"
    if not (gone or new or altered):
        yield f"{name} put into another order"


def _identified(elements: Sequence[Any]) -> dict[_Identity, Any]:
    """The elements by what tells one from the other. Those without value and type are told apart by their order."""
    seen: Counter[tuple[str, str]] = Counter()
    identified = {}
    for each in elements:
        stated = each if isinstance(each, Mapping) else {"value": each}
        value, kind = str(stated.get("value", "")), str(stated.get("type", ""))
        identified[value, kind, seen[value, kind]] = stated
        seen[value, kind] += 1
    return identified


def _element(name: str, element: Mapping[str, Any]) -> str:
    """An element with everything that it states."""
    head = REDACTED if is_secret(name) else _shown(element["value"]) if "value" in element else ""
    kind = [str(element["type"])] if "type" in element else []
    rest = [_detail(sub, each) for sub, each in element.items() if sub not in ("value", "type")]
    details = ", ".join(each for each in [*kind, *rest] if each)
    return f"{head} ({details})".lstrip() if details else head


def _called(name: str, element: Mapping[str, Any]) -> str:
    """An element by what it is known by."""
    known = {sub: element[sub] for sub in ("value", "type") if sub in element}
    return _element(name, known or element)


def _detail(sub: str, value: Any) -> str:
    if isinstance(value, bool):
        return sub if value else ""
    return f"{sub} {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"“{text[:_TEXT_LIMIT]}{'…' if len(text) > _TEXT_LIMIT else ''}”"
