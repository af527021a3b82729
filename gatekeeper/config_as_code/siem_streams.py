"""The key ``siem_streams`` of a configuration document: where the audit trail is sent to, without any secret."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.stream.models import Stream
from gatekeeper.audit.stream.streams import Wanted, change_stream, create_stream, delete_stream
from gatekeeper.config_as_code.changes import ChangeCode
from gatekeeper.errors import InvalidValue

KEY = "siem_streams"
_KNOWN = ("url", "ca_certificates")

Note = Callable[..., None]


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedStream:
    """``ca_certificates`` in PEM; "" for the system's."""

    url: str
    ca_certificates: str = ""


def export_streams() -> dict[str, dict[str, str]]:
    """All streams by name. Their headers are secrets, and stay here."""
    return {
        stream.name: {
            "url": stream.url,
            **({"ca_certificates": stream.ca_certificates} if stream.ca_certificates else {}),
        }
        for stream in Stream.objects.order_by("name")
    }


def read_streams(value: Any) -> dict[str, StatedStream]:
    """Streams by name. Raises: InvalidValue, which names the place; what an address may be does the service know."""
    if not isinstance(value, dict):
        raise InvalidValue(KEY, _("an object of streams by name is needed."))
    return {name: _stream(stated, f"{KEY}.{name[:60]}") for name, stated in value.items()}


def _stream(stated: Any, place: str) -> StatedStream:
    if not isinstance(stated, dict):
        raise InvalidValue(place, _("an object with url is needed."))
    for key, text in stated.items():
        if key not in _KNOWN:
            raise InvalidValue(
                f"{place}.{key[:60]}", _("there is no such key; known are %(known)s."), known=", ".join(_KNOWN)
            )
        if not isinstance(text, str):
            raise InvalidValue(f"{place}.{key}", _("a text is needed."))
    if "url" not in stated:
        raise InvalidValue(place, _("an object with url is needed."))
    return StatedStream(**stated)


def apply_streams(stated: Mapping[str, StatedStream], note: Note, *, actor: Actor) -> None:
    """Have exactly these streams; ``note`` gets each change. A new one is sent what is written from now on.

    One that stays keeps its cursor, and its header unless it moves to another host. Raises: InvalidValue.
    """
    there = {stream.name: stream for stream in Stream.objects.all()}
    wanted = {name.strip(): each for name, each in stated.items()}
    for name in sorted(there.keys() - wanted.keys()):
        delete_stream(there[name].pk, actor=actor)
        note(ChangeCode.STREAM_DELETED, name=name)
    for name, each in wanted.items():
        asked = Wanted(name=name, url=each.url, ca_certificates=each.ca_certificates)
        try:
            if name not in there:
                create_stream(asked, actor=actor)
                note(ChangeCode.STREAM_CREATED, name=name)
            elif change_stream(there[name].pk, asked, actor=actor):
                note(ChangeCode.STREAM_CHANGED, name=name)
        except InvalidValue as refusal:
            raise InvalidValue(f"{KEY}.{name}.{refusal.attribute}", refusal.reason) from None
