"""The key ``scim_attributes`` of a configuration document: all custom attributes that are declared."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.config_as_code.changes import ChangeCode
from gatekeeper.errors import DomainError, InvalidValue
from scim.attributes.declarations import HasValues, declare, describe, remove
from scim.attributes.registry import live_definitions
from scim.protocol.custom_attributes import Definition, checked

KEY = "scim_attributes"

_REQUIRED = ("schema", "name")
_TEXTS = ("schema", "name", "type", "description")
_FLAGS = ("multi_valued", "case_exact")

Note = Callable[..., None]


def export_attributes() -> list[dict[str, Any]]:
    """What is declared, in the order of declaration, which is the order in which the schemas list it."""
    return [each.as_document() for each in live_definitions()]


def read_attributes(value: Any) -> tuple[Definition, ...]:
    """Raises: InvalidValue, which names the place."""
    if not isinstance(value, list):
        raise InvalidValue(KEY, _("a list of attributes is needed."))
    read = tuple(_attribute(each, f"{KEY}[{position}]") for position, each in enumerate(value))
    seen: set[str] = set()
    for each in read:
        if each.path.lower() in seen:
            raise InvalidValue(KEY, _("%(path)s is there twice."), path=each.path)
        seen.add(each.path.lower())
    return read


def _attribute(value: Any, place: str) -> Definition:
    _require_shape(value, place)
    try:
        return checked(Definition(**value))
    except InvalidValue as refusal:
        raise InvalidValue(f"{place}.{refusal.attribute}", refusal.reason) from None


def _require_shape(value: Any, place: str) -> None:
    if not isinstance(value, dict):
        raise InvalidValue(place, _("an object with schema and name is needed."))
    for key in value:
        if key not in (*_TEXTS, *_FLAGS):
            raise InvalidValue(
                f"{place}.{key[:60]}",
                _("there is no such key; known are %(known)s."),
                known=", ".join((*_TEXTS, *_FLAGS)),
            )
    for key in _REQUIRED:
        if key not in value:
            raise InvalidValue(place, _("a %(key)s is needed."), key=key)
    for key, each in value.items():
        if not isinstance(each, str if key in _TEXTS else bool):
            raise InvalidValue(
                f"{place}.{key}", _("a text is needed.") if key in _TEXTS else _("true or false is needed.")
            )


def apply_attributes(wanted: tuple[Definition, ...], note: Note, *, actor: Actor) -> None:
    """Declare, describe and remove until exactly ``wanted`` is declared; ``note`` gets each change.

    Raises: InvalidValue for an attribute that people have values of and that is not listed as it is: a document
            deletes nobody's values.
    """
    named = {each.path.lower(): each for each in wanted}
    for present in live_definitions():
        stated = named.get(present.path.lower())
        if stated is None or not _is_same(present, stated):
            _remove(present, actor)
            note(ChangeCode.ATTRIBUTE_REMOVED, name=present.path)
        elif present.description != stated.description:
            describe(present.path, stated.description, actor=actor)
            note(ChangeCode.ATTRIBUTE_DESCRIBED, name=present.path)
    declared = {each.path for each in live_definitions()}
    for each in wanted:
        if each.path not in declared:
            _declare(each, actor)
            note(ChangeCode.ATTRIBUTE_DECLARED, name=each.path)


def _is_same(present: Definition, stated: Definition) -> bool:
    """Whether both take the same values under the same name; a description is changed without harm."""
    return present.as_document() | {"description": ""} == stated.as_document() | {"description": ""}


def _remove(present: Definition, actor: Actor) -> None:
    try:
        remove(present.path, actor=actor, confirmed=False)
    except HasValues as refusal:
        raise InvalidValue(
            KEY,
            _(
                "%(path)s has values (users: %(count)s) and isn't listed as it is declared. "
                "Remove it on its page, or by scim_attribute remove, first."
            ),
            path=present.path,
            count=refusal.count,
        ) from refusal


def _declare(wanted: Definition, actor: Actor) -> None:
    try:
        declare(wanted, actor=actor)
    except DomainError as refusal:
        raise InvalidValue(KEY, f"{wanted.path}: {refusal}") from refusal
