"""How many rows a list has, in words: exact where they were counted, and otherwise saying that they were not."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.runtime.row_counts import RowCount


def count_text(shown: int, count: RowCount | None, *, is_whole: bool, is_narrowed: bool) -> str:
    """A page of a list shows "50 of about 100,000", a whole list "3 in all". ``count`` is None where nobody counted.

    ``is_narrowed``: search or filters leave a part of the rows, which "in all" would not say.
    """
    if count is None:
        return ngettext("%(shown)s on this page", "%(shown)s on this page", shown) % {"shown": _number(shown)}
    values = {"shown": _number(shown), "number": _number(count.number)}
    if is_whole:
        return (_("%(number)s of these") if is_narrowed else _("%(number)s in all")) % values
    if count.is_about:
        return _("%(shown)s of about %(number)s") % values
    if count.is_more:
        return _("%(shown)s of more than %(number)s") % values
    return _("%(shown)s of %(number)s") % values


def _number(number: int) -> str:
    return number_format(number, force_grouping=True)
