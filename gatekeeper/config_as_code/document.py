"""Configuration as code: the document that ``configuration export`` writes and ``configuration apply`` reads.

Only shapes live here; ``apply.py`` carries a document out. Teams and groups are named, since ids differ between
sites; names compare without regard to case, as everywhere.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from gatekeeper.config_as_code import mail_recipients, retention, scim_attributes, siem_streams
from gatekeeper.config_as_code.siem_streams import StatedStream
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.changes import MappingRecord
from gatekeeper.directory.levels import Level
from gatekeeper.directory.models import IdpGroup, LastGroupPolicy
from gatekeeper.directory.permissions import Permission
from gatekeeper.errors import InvalidValue
from gatekeeper.events.mail.recipients import Wish
from scim.protocol.custom_attributes import Definition

KEYS = (
    "fallback_team",
    "last_group_policy",
    "teams",
    "default_mapping",
    "group_mappings",
    scim_attributes.KEY,
    retention.KEY,
    siem_streams.KEY,
    mail_recipients.KEY,
)
MAPPING_KEYS = ("level", "permissions", "teams")


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedMapping:
    """A mapping with its teams by name."""

    level: Level
    permissions: frozenset[Permission] = frozenset()
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigurationDocument:
    """What a document states. ``stated`` are its keys; what is not stated stays untouched."""

    stated: frozenset[str]
    fallback_team: str | None
    last_group_policy: str
    teams: tuple[str, ...]
    default_mapping: NamedMapping
    group_mappings: Mapping[str, NamedMapping]
    scim_attributes: tuple[Definition, ...] = ()
    retention: Mapping[str, int | None] = field(default_factory=dict)
    siem_streams: Mapping[str, StatedStream] = field(default_factory=dict)
    mail_recipients: tuple[tuple[str, Wish], ...] = ()


def export_document() -> dict[str, Any]:
    """The site's configuration as it is now, in an order that does not depend on when things were made.

    Custom attributes are part of it where there are any, in the order in which the schemas list them; so is retention
    where it is not the default, SIEM streams where there are any, without their headers, and whoever is written to.
    """
    site = site_facts()

    def mapping(record: MappingRecord) -> dict[str, Any]:
        return {
            "level": record.level.slug,
            "permissions": sorted(record.permissions),
            "teams": _sorted(site.teams[team] for team in record.team_ids if team in site.teams),
        }

    names = dict(IdpGroup.objects.live().filter(pk__in=list(site.mappings)).values_list("display_name", "id"))
    written_to = mail_recipients.export_recipients()
    attributes, kept = scim_attributes.export_attributes(), retention.export_retention()
    streams = siem_streams.export_streams()
    return {
        "fallback_team": site.teams.get(site.fallback_team_id) if site.fallback_team_id else None,
        "last_group_policy": str(site.last_group_policy),
        "teams": _sorted(site.teams.values()),
        "default_mapping": mapping(site.default_mapping),
        "group_mappings": {name: mapping(site.mappings[names[name]]) for name in _sorted(names)},
        **({scim_attributes.KEY: attributes} if attributes else {}),
        **({retention.KEY: kept} if kept else {}),
        **({siem_streams.KEY: streams} if streams else {}),
        **({mail_recipients.KEY: written_to} if written_to else {}),
    }


def read_document(text: str) -> ConfigurationDocument:
    """Understand all of ``text``, or refuse it. Raises InvalidValue, which names the place and what would be right."""
    document = _parse(text)
    if not isinstance(document, dict):
        raise InvalidValue(_("The document"), _("it has to be one JSON object."))
    _refuse_unknown(document, KEYS, "")
    teams = _names(document.get("teams", []), "teams")
    return ConfigurationDocument(
        stated=frozenset(document),
        fallback_team=_optional_name(document.get("fallback_team"), "fallback_team"),
        last_group_policy=_policy(document.get("last_group_policy", LastGroupPolicy.REVOKE.value)),
        teams=teams,
        default_mapping=_mapping(document.get("default_mapping", {"level": "none"}), "default_mapping"),
        group_mappings=_group_mappings(document.get("group_mappings", {})),
        scim_attributes=scim_attributes.read_attributes(document.get(scim_attributes.KEY, [])),
        retention=retention.read_retention(document.get(retention.KEY, {})),
        siem_streams=siem_streams.read_streams(document.get(siem_streams.KEY, {})),
        mail_recipients=mail_recipients.read_recipients(document.get(mail_recipients.KEY, [])),
    )


def _parse(text: str) -> Any:
    try:
        document = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
        # A lone surrogate ("\\ud800") is valid JSON and no text that could be stored or shown.
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise InvalidValue(
            _("The document"),
            _("it is not JSON: %(msg)s, line %(lineno)s, column %(colno)s."),
            msg=error.msg,
            lineno=error.lineno,
            colno=error.colno,
        ) from None
    except (RecursionError, UnicodeEncodeError):
        raise InvalidValue(
            _("The document"), _("it is nested too deeply or holds text that cannot be stored.")
        ) from None
    return document


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InvalidValue(_("The document"), _("the key %(key)s is there twice."), key=key)
        found[key] = value
    return found


def _refuse_constant(name: str) -> Any:
    raise InvalidValue(_("The document"), _("%(name)s is no JSON value."), name=name)


def _refuse_unknown(found: Mapping[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in found:
        if key not in known:
            raise InvalidValue(f"{place}{key}", _("there is no such key; known are %(known)s."), known=", ".join(known))


def _group_mappings(value: Any) -> dict[str, NamedMapping]:
    if not isinstance(value, dict):
        raise InvalidValue("group_mappings", _("an object of mappings by group name is needed."))
    _refuse_twins(value, "group_mappings")
    return {name: _mapping(mapping, f"group_mappings.{name}") for name, mapping in value.items()}


def _mapping(value: Any, place: str) -> NamedMapping:
    """``level`` is needed; ``permissions`` and ``teams`` that are left out are empty."""
    if not isinstance(value, dict):
        raise InvalidValue(place, _("an object with level, permissions and teams is needed."))
    _refuse_unknown(value, MAPPING_KEYS, f"{place}.")
    if "level" not in value:
        raise InvalidValue(place, _("a level is needed."))
    return NamedMapping(
        level=_level(value["level"], f"{place}.level"),
        permissions=frozenset(
            _permission(name, f"{place}.permissions")
            for name in _names(value.get("permissions", []), f"{place}.permissions")
        ),
        teams=_names(value.get("teams", []), f"{place}.teams"),
    )


def _level(value: Any, place: str) -> Level:
    for level in Level:
        if level.slug == value:
            return level
    raise InvalidValue(
        place,
        _("there is no level %(value)s; known are %(known)s."),
        value=_shown(value),
        known=", ".join(level.slug for level in Level),
    )


def _permission(name: str, place: str) -> Permission:
    if name not in list(Permission):
        raise InvalidValue(
            place, _("there is no permission %(name)s; known are %(known)s."), name=name, known=", ".join(Permission)
        )
    return Permission(name)


def _policy(value: Any) -> str:
    if value not in LastGroupPolicy.values:
        known = " or ".join(LastGroupPolicy.values)
        raise InvalidValue(
            "last_group_policy", _("%(value)s is not possible, only %(known)s."), value=_shown(value), known=known
        )
    return str(value)


def _optional_name(value: Any, place: str) -> str | None:
    return None if value is None else _name(value, place)


def _names(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise InvalidValue(place, _("a list of names is needed."))
    names = tuple(_name(name, place) for name in value)
    _refuse_twins(names, place)
    return names


def _name(value: Any, place: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidValue(place, _("%(value)s is no name."), value=_shown(value))
    return value


def _refuse_twins(names: Iterable[str], place: str) -> None:
    seen: set[str] = set()
    for name in names:
        if fold(name.strip()) in seen:
            raise InvalidValue(place, _("%(name)s is there twice."), name=name)
        seen.add(fold(name.strip()))


def _shown(value: Any) -> str:
    """A value as the document has it, cut to a length that fits on a line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (fold(name), name))
