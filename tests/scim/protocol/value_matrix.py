"""Every shape of a value × every way of sending it × every kind of attribute, and what the rule says comes of it.

The rule (docs/scim-client-quirks.md): absent leaves; empty clears in a replace or PUT, and is nothing in an add; what
can't be read is 400 and changes nothing. The oracle knows that rule and what is there before, and nothing of the code.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

ENT = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:"
ABSENT = object()
METHODS = ("POST", "PUT", "add", "replace", "remove")
PLACES = ("path", "no path", "selection", "selection with sub-attribute")
SHAPES = ("absent", "null", '""', "[]", "{}", "[{}]", "[null]", "wrong type", "list of one", "nested too deep")


class Slot(Enum):
    """What a place takes."""

    TEXT = "text"
    BOOLEAN = "boolean"
    OBJECT = "object"
    LIST = "list"
    MEMBERS = "members"


class Meaning(Enum):
    """What a shape means to a slot."""

    ABSENT = "nothing is stated"
    EMPTY = "stated as nothing"
    NAMES_NOTHING = "an object that names nothing"
    EMPTY_ELEMENT = "a list with an element that states nothing"
    UNREADABLE = "unreadable"
    READ = "read"


@dataclass(frozen=True)
class Kind:
    """A kind of attribute by one example: what is there, what is sent that can be read, and what can't be."""

    name: str
    slot: Slot
    attribute: str
    before: Any
    good: Any
    wrong: Any
    selection: str
    sub: str = ""
    urn: str = f"{CORE}User"
    named: Any = None  # what a remove by list names


KINDS = (
    Kind("single", Slot.TEXT, "title", "Old", "New", {"a": 1}, '[value eq "Old"]', "value"),
    Kind(
        "complex",
        Slot.OBJECT,
        "name",
        {"givenName": "G", "familyName": "F"},
        {"familyName": "New"},
        True,
        '[givenName eq "G"]',
        "familyName",
    ),
    Kind(
        "multi-valued",
        Slot.LIST,
        "emails",
        [{"type": "work", "value": "w@x", "primary": True}, {"type": "home", "value": "h@x"}],
        {"type": "other", "value": "o@x"},
        True,
        '[type eq "work"]',
        "value",
        named={"value": "h@x"},
    ),
    Kind("boolean", Slot.BOOLEAN, "active", True, False, "yes", "[value eq true]", "value"),
    Kind(
        "reference",
        Slot.OBJECT,
        "manager",
        {"value": "boss"},
        {"value": "other"},
        True,
        '[value eq "boss"]',
        "value",
        ENT,
    ),
    Kind(
        "extension",
        Slot.OBJECT,
        "",
        {"department": "Legal"},
        {"division": "New"},
        "Legal",
        '[department eq "Legal"]',
        "x",
        ENT,
    ),
    Kind(
        "members",
        Slot.MEMBERS,
        "members",
        ["ONE", "TWO"],
        {"value": "THREE"},
        True,
        '[value eq "ONE"]',
        "type",
        f"{CORE}Group",
        named={"value": "TWO"},
    ),
)


@dataclass(frozen=True)
class Refused:
    """400 with this scimType; ``named`` has to be in the detail."""

    scim_type: str
    named: str


@dataclass(frozen=True)
class Becomes:
    """2xx, and the attribute is this; None: it is not there."""

    value: Any


@dataclass(frozen=True)
class Cell:
    """One request of the matrix."""

    kind: Kind
    method: str
    place: str
    shape: str

    def __str__(self) -> str:
        return f"{self.method}, {self.place}, {self.kind.name}, {self.shape}"

    @property
    def takes_elements(self) -> bool:
        return self.slot in (Slot.LIST, Slot.MEMBERS)

    @property
    def slot(self) -> Slot:
        """What stands at the place: the attribute, one selected element of it, or a sub-attribute of that."""
        if self.place == "selection with sub-attribute":
            return Slot.TEXT
        if self.place == "selection" and self.kind.slot is Slot.LIST:
            return Slot.OBJECT
        return self.kind.slot

    @property
    def good(self) -> Any:
        if self.place == "selection with sub-attribute":
            return "New"
        if self.place == "selection" and self.kind.slot is Slot.LIST:
            return {"display": "New"}
        return self.kind.named if self.method == "remove" and self.kind.named else self.kind.good

    @property
    def value(self) -> Any:
        """What is sent."""
        wrong = {"a": 1} if self.place == "selection with sub-attribute" else self.kind.wrong
        shapes = (ABSENT, None, "", [], {}, [{}], [None], wrong, [self.good], [[self.good]])
        return shapes[SHAPES.index(self.shape)]

    @property
    def path(self) -> str:
        kind = self.kind
        whole = f"{kind.urn}:{kind.attribute}" if kind.attribute else kind.urn
        if self.place == "selection":
            return whole + kind.selection
        return f"{whole}{kind.selection}.{kind.sub}" if self.place == "selection with sub-attribute" else whole

    @property
    def stated(self) -> dict[str, Any]:
        """The members of a document, or of a value without a path, that say it."""
        if self.value is ABSENT:
            return {}
        if self.place != "no path" or not self.kind.attribute:
            return {self.path: self.value}
        inner = {self.kind.attribute: self.value}
        return {ENT: inner} if self.kind.urn == ENT else inner

    @property
    def operation(self) -> dict[str, Any]:
        if self.place == "no path":
            return {"op": self.method, "value": self.stated}
        value = {} if self.value is ABSENT else {"value": self.value}
        return {"op": self.method, "path": self.path, **value}


def cells(kind: Kind, method: str) -> Iterator[Cell]:
    for place in PLACES:
        for shape in SHAPES:
            yield Cell(kind, method, place, shape)


def meaning(cell: Cell) -> Meaning:
    """What the shape means to what takes it."""
    elements = cell.takes_elements
    match cell.shape:
        case "absent":
            return Meaning.ABSENT
        case "null" | '""' | "[]":
            return Meaning.UNREADABLE if cell.slot is Slot.BOOLEAN else Meaning.EMPTY
        case "list of one":
            return Meaning.READ
        case "wrong type" | "nested too deep":
            return Meaning.UNREADABLE
        case _ if cell.slot is Slot.MEMBERS:
            return Meaning.UNREADABLE  # a member that names nobody
        case _ if elements:
            return Meaning.EMPTY_ELEMENT
        case "[null]":
            return Meaning.UNREADABLE if cell.slot is Slot.BOOLEAN else Meaning.EMPTY
        case _:
            return Meaning.NAMES_NOTHING if cell.slot is Slot.OBJECT else Meaning.UNREADABLE


def expected(cell: Cell) -> Refused | Becomes:
    """What comes of a cell."""
    is_document = cell.method in ("POST", "PUT")
    if cell.method == "remove" and cell.place == "no path":
        return Refused("noTarget", "")
    if cell.method == "add" and cell.place != "no path" and cell.shape == "absent":
        return Refused("invalidValue", cell.path)
    if is_document and cell.shape == "absent":
        return Becomes(_unstated(cell))
    if cell.place.startswith("selection"):
        if _has_no_elements(cell.kind):
            return Becomes(_unstated(cell)) if is_document else Refused("invalidPath", "")
        if cell.kind.slot is Slot.MEMBERS and cell.place != "selection":
            return Refused("mutability", "members")
        if cell.kind.slot is Slot.MEMBERS and cell.method != "remove":
            return Refused("noTarget", "")
    return _removed(cell) if cell.method == "remove" else _set(cell)


def _has_no_elements(kind: Kind) -> bool:
    return kind.slot in (Slot.TEXT, Slot.BOOLEAN) or not kind.attribute


def _unstated(cell: Cell) -> Any:
    """What a document that doesn't state the attribute leaves: nothing, but nobody is deactivated by omission."""
    return True if cell.kind.slot is Slot.BOOLEAN else None


def _removed(cell: Cell) -> Refused | Becomes:
    kind, before = cell.kind, cell.kind.before
    if kind.slot is Slot.BOOLEAN:
        return Refused("mutability", "active")
    if cell.place == "selection" and kind.slot is Slot.MEMBERS:
        return Becomes(before[1:])
    if cell.place.startswith("selection") or not cell.takes_elements:
        return Becomes(_cleared(cell, before))
    match meaning(cell):
        case Meaning.READ:
            return Becomes(before[:1])
        case Meaning.UNREADABLE:
            return Refused("invalidValue", _label(cell))
        case _:
            return Becomes(None if cell.shape in ("absent", "null") else before)


def _set(cell: Cell) -> Refused | Becomes:
    """POST and add, PUT and replace are twins: the first add to nothing, the second replace everything."""
    is_document, adds = cell.method in ("POST", "PUT"), cell.method in ("POST", "add")
    start = _unstated(cell) if is_document else cell.kind.before
    match meaning(cell):
        case Meaning.UNREADABLE:
            return Refused("invalidValue", _label(cell))
        case Meaning.EMPTY_ELEMENT if not adds:
            return Refused("invalidValue", _label(cell))
        case Meaning.READ:
            return _with_good(cell, start, adds=adds)
        case Meaning.EMPTY if not adds:
            return Becomes(_cleared(cell, start))
        case _:
            return Becomes(start)


def _with_good(cell: Cell, start: Any, *, adds: bool) -> Refused | Becomes:
    kind, good = cell.kind, cell.good
    change = {kind.sub: good} if cell.place == "selection with sub-attribute" else good
    if cell.place.startswith("selection") and kind.slot is Slot.LIST:
        return Becomes([{**start[0], **change}, *start[1:]] if start else [{"type": "work", **change}])
    if cell.place.startswith("selection") and start is None:
        return Refused("noTarget", "")
    if kind.slot is Slot.MEMBERS:
        change = good["value"]
    if kind.slot in (Slot.LIST, Slot.MEMBERS):
        return Becomes([*(start or ()), change] if adds else [change])
    return Becomes({**(start or {}), **change} if isinstance(change, dict) else change)


def _cleared(cell: Cell, start: Any) -> Any:
    kind = cell.kind
    if not start or not cell.place.startswith("selection"):
        return None
    if cell.place == "selection":
        return start[1:] if kind.slot is Slot.LIST else None
    rest = _without(start[0] if kind.slot is Slot.LIST else start, kind.sub)
    return [rest, *start[1:]] if kind.slot is Slot.LIST else rest or None


def _without(element: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in element.items() if key != name}


def _label(cell: Cell) -> str:
    """How a refusal names what it couldn't read."""
    kind = cell.kind
    if cell.takes_elements and isinstance(cell.value, list):
        return f"{kind.attribute}[0]"
    name = f"{kind.urn}:{kind.attribute}" if kind.urn == ENT and kind.attribute else kind.attribute or kind.urn
    return f"{name}.{kind.sub}" if cell.place == "selection with sub-attribute" else name
