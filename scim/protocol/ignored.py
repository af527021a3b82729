"""What a request names and no schema has: noted for the provisioning log, or refused for a strict credential. Pure.

The interoperability profile (draft-zollner-scim-interop-profile, "Attribute and Schema Handling") has such requests
refused. Entra and Okta send names that not every service knows, so tolerance is the default.
"""

from collections.abc import Collection, Mapping
from typing import Any

from scim.protocol.errors import InvalidSyntax

_LENGTH = 200  # characters of a name that are kept
_MOST_INSIDE = 50  # attributes of one unknown extension that are named


class Ignored(list[str]):
    """The names that were ignored, in their order. ``is_strict``: the first unknown one is refused instead."""

    def __init__(self, names: Collection[str] = (), *, is_strict: bool = False) -> None:
        super().__init__(names)
        self.is_strict = is_strict

    def unknown(self, name: str, value: Any = None) -> None:
        """Note an attribute that no schema has. Of an unknown extension each attribute in its ``value`` is noted.

        Raises: InvalidSyntax, naming it, if strict.
        """
        names = [each[:_LENGTH] for each in _inside(name, value)]
        if self.is_strict:
            raise InvalidSyntax(f"There is no attribute {names[0]} here; /Schemas lists those that there are.")
        self += names

    def dropped(self, name: str) -> None:
        """Note a known attribute whose value is not kept, such as an address that follows from an id."""
        self.append(name[:_LENGTH])

    def require_schemas(self, stated: Any, known: Collection[str]) -> None:
        """Check the list ``schemas``, if strict; else it says nothing that the attributes don't say.

        ``known`` are URNs in lower case. Raises: InvalidSyntax, naming the first unknown one.
        """
        if not self.is_strict:
            return
        for each in stated if isinstance(stated, list) else [stated]:
            if not isinstance(each, str) or each.lower() not in known:
                shown = str(each)[:_LENGTH]
                raise InvalidSyntax(f"There is no schema {shown} here; /Schemas lists those that there are.")


def _inside(name: str, value: Any) -> list[str]:
    """The attributes under the URN of an unknown extension; the name itself for everything else."""
    if ":" in name and isinstance(value, Mapping) and 0 < len(value) <= _MOST_INSIDE:
        return [f"{name}:{inner}" for inner in value]
    return [name]
