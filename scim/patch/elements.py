"""The elements of one multi-valued attribute while the operations of a request edit them (RFC 7644 §3.5.2). Pure.

Elements are indexed by their values, so that a request costs as much as it names, not that times the elements.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr
from scim2_models.path.expressions import LogicalOperator

from scim.protocol.errors import InvalidValue
from scim.protocol.limits import MAX_ELEMENT_VISITS
from scim.protocol.literals import comparison_form, index_text
from scim.protocol.paths import count_terms
from scim.protocol.schemas import Attribute
from scim.protocol.value_filters import selects
from scim.protocol.values import Element, without_empty


class VisitBudget:
    """The number of elements that the operations of one request may still look at or change, all together."""

    def __init__(self) -> None:
        self._left = MAX_ELEMENT_VISITS

    def spend(self, count: int) -> None:
        """Raises: InvalidValue when that is too much."""
        self._left -= count
        if self._left < 0:
            raise InvalidValue(
                f"The operations of a PATCH may look at {MAX_ELEMENT_VISITS} elements, all together; "
                "select elements by eq, or send fewer operations."
            )


class Elements:
    """A list without doubles and with at most one primary element, whatever is done to it.

    Two elements are the same when ``value`` and ``type`` are, or, without a value, all that they state.
    """

    def __init__(self, attribute: Attribute, elements: Iterable[Any], visits: VisitBudget) -> None:
        self._attribute = attribute
        self._visits = visits
        self._rows: dict[int, Element] = {}
        self._keys: dict[int, Any] = {}
        self._by_key: dict[Any, int] = {}
        self._primaries: set[int] = set()
        self._indexes: dict[str, dict[Any, set[int]]] = {}
        self._next = 0
        for element in elements:
            self._put(element if attribute.is_complex else {"value": element})

    def __len__(self) -> int:
        return len(self._rows)

    def as_list(self) -> list[Any]:
        """The elements in their order, in the form of a profile."""
        ordered = [self._rows[position] for position in sorted(self._rows)]
        return ordered if self._attribute.is_complex else [element["value"] for element in ordered]

    def add(self, elements: Iterable[Any]) -> None:
        """Append new elements and update those that are there. The first that is stated as primary becomes it."""
        winner = None
        for given in elements:
            element = given if self._attribute.is_complex else {"value": given}
            position = self._put(element)
            if element.get("primary") is True and winner is None:
                winner = position
        self._keep_one_primary(winner)

    def clear(self) -> None:
        """Remove all elements."""
        self._rows.clear()
        self._keys.clear()
        self._by_key.clear()
        self._primaries.clear()
        self._indexes.clear()

    def all_positions(self) -> list[int]:
        """The positions of all elements."""
        self._visits.spend(len(self._rows))
        return sorted(self._rows)

    def select_positions(self, node: FilterNode) -> list[int]:
        """The positions of the elements that a value filter selects. An ``eq`` term is looked up in an index."""
        looked_up = next((found for term in _conjunction(node) if (found := self._look_up(term)) is not None), None)
        candidates: Collection[int] = self._rows if looked_up is None else looked_up
        self._visits.spend(len(candidates) * count_terms(node))
        return sorted(each for each in candidates if selects(self._attribute, node, self._rows[each]))

    def edit(self, positions: Collection[int], changes: Mapping[str, Any]) -> None:
        """Set sub-attributes, or remove those that are EMPTY; those that are not named stay (§3.5.2.3)."""
        before = self._primaries.intersection(positions)
        edited = [self._edit(position, changes) for position in positions if position in self._rows]
        claims = changes.get("primary") is True
        self._keep_one_primary(min(before or edited, default=None) if claims else None)

    def _edit(self, position: int, changes: Mapping[str, Any]) -> int:
        return self._store(position, without_empty({**self._rows[position], **changes}))

    def drop(self, positions: Iterable[int]) -> None:
        """Remove the elements at these positions."""
        for position in positions:
            self._forget(position)

    def drop_listed(self, unwanted: Iterable[Any]) -> None:
        """Remove the elements that a list names: by value and by type if it is given, else by all that is given."""
        for given in unwanted:
            wanted = given if self._attribute.is_complex else {"value": given}
            names = [name for name in ("value", "type") if name in wanted] if "value" in wanted else list(wanted)
            forms = {name: self._form(name, wanted[name]) for name in names}
            found = self._index(names[0]).get(forms[names[0]], ())
            self._visits.spend(len(found))
            self.drop([each for each in found if self._has(self._rows[each], forms)])

    def _has(self, row: Element, forms: Mapping[str, Any]) -> bool:
        return all(self._form(name, row.get(name)) == form for name, form in forms.items())

    def _put(self, element: Element) -> int:
        key = self._key(element)
        position = self._by_key.get(key)
        if position is None:
            self._next += 1
            if element:
                self._write(self._next, element, key)
            return self._next
        return self._store(position, {**self._rows[position], **element})

    def _store(self, position: int, element: Element) -> int:
        """Write an element at its position, or into the earlier one that equals it now. Returns its position."""
        if position in self._rows:
            self._forget(position)
        key = self._key(element)
        twin = self._by_key.get(key) if element else None
        if twin is not None:
            position, element = min(position, twin), {**self._rows[twin], **element}
            self._forget(twin)
            key = self._key(element)
        if element:
            self._write(position, element, key)
        return position

    def _write(self, position: int, row: Element, key: Any) -> None:
        self._rows[position], self._keys[position] = row, key
        self._by_key[key] = position
        if row.get("primary") is True:
            self._primaries.add(position)
        for name, index in self._indexes.items():
            index[self._form(name, row.get(name))].add(position)

    def _forget(self, position: int) -> None:
        row = self._rows.pop(position)
        self._by_key.pop(self._keys.pop(position), None)
        self._primaries.discard(position)
        for name, index in self._indexes.items():
            index[self._form(name, row.get(name))].discard(position)

    def _keep_one_primary(self, winner: int | None) -> None:
        """At most one element is primary (RFC 7643 §2.4): ``winner``, or else the first of those that are."""
        if len(self._primaries) < 2:
            return
        kept = winner if winner in self._primaries else min(self._primaries)
        for position in self._primaries - {kept}:
            self._store(position, {**self._rows[position], "primary": False})

    def _index(self, name: str) -> dict[Any, set[int]]:
        if name not in self._indexes:
            index: dict[Any, set[int]] = defaultdict(set)
            for position, row in self._rows.items():
                index[self._form(name, row.get(name))].add(position)
            self._indexes[name] = index
        return self._indexes[name]

    def _look_up(self, term: FilterNode) -> Collection[int] | None:
        """The positions where a term holds, if an index has them; None for a term that has to be evaluated."""
        if not isinstance(term, Comparison) or term.op != CompareOperator.eq or not isinstance(term.value, str):
            return None
        sub = self._attribute.sub(term.attr_path.attr)
        if sub is None or sub.type == "boolean":
            return None
        return self._index(sub.name).get(self._form(sub.name, term.value), ())

    def _key(self, element: Element) -> Any:
        if "value" in element:
            return self._form("value", element["value"]), self._form("type", element.get("type"))
        return json.dumps({name: element[name] for name in sorted(element) if name != "primary"})

    def _form(self, name: str, value: Any) -> Any:
        if not self._attribute.is_complex:
            return comparison_form(self._attribute, index_text(self._attribute, value))
        sub = self._attribute.sub(name)
        return comparison_form(sub, value) if isinstance(value, str) and sub is not None else value


def _conjunction(node: FilterNode) -> Iterable[FilterNode]:
    is_conjunction = isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_
    return node.terms if isinstance(node, LogicalExpr) and is_conjunction else (node,)
