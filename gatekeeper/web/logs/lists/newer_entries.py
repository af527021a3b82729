"""How many entries a log got since a page of it was shown: asked every few seconds, so it costs next to nothing."""

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import BigAutoField, F, Model, QuerySet
from django.utils.formats import number_format
from django.utils.translation import ngettext

from gatekeeper.directory.keyset_pagination import KeysetOrder

THAN: Final = "than"  # the parameter: the newest entry that the page had, of those that no filter leaves out
MOST = 99  # that are counted
LOOKED_AT = 20_000  # entries after that one: a filter that leaves few of millions is not looked for in all of them


def newest_key(model: type[Model], order: KeysetOrder) -> str:
    """The primary key of the newest entry of the whole log; "0" of an empty one. One statement."""
    newest = model._default_manager.order_by(*order.order_by).values_list("pk", flat=True).first()
    return str(newest if newest is not None else 0)


def document(rows: QuerySet[Any], order: KeysetOrder, than: str) -> dict[str, Any]:
    """``{"number", "more", "text"}``: how many of ``rows`` came after the entry, up to ``MOST``. Two statements."""
    number = _count(rows, order, than)
    more = number > MOST
    shown = min(number, MOST)
    text = ngettext("%(number)s new entry", "%(number)s new entries", shown) % {
        "number": number_format(shown) + ("+" if more else "")
    }
    return {"number": shown, "more": more, "text": text if shown else ""}


def _count(rows: QuerySet[Any], order: KeysetOrder, than: str) -> int:
    model, pk = rows.model, rows.model._meta.pk
    try:
        known: Any = pk.to_python(than or 0) if isinstance(pk, BigAutoField) or than not in ("", "0") else None
    except ValidationError:
        return 0
    if isinstance(pk, BigAutoField):
        since = model._default_manager.filter(pk__gt=known).order_by("pk")
        first = since.values_list("pk", flat=True).first()
        if first is None:
            return 0
        window = rows.filter(pk__gte=first, pk__lt=first + LOOKED_AT)
        return window.order_by("pk")[: MOST + 1].count()
    if known is None:
        return rows.order_by()[: MOST + 1].count()
    key = model._default_manager.filter(pk=known).values_list(order.key, flat=True).first()
    if key is None:
        return 0
    return rows.filter(order.reversed().after(key, known)).order_by(F(order.key).asc())[: MOST + 1].count()
