"""Views of lists that people save under names of theirs, and the columns that they chose. They grant nothing.

A view of one's own is nobody else's business, so it is in no log. A shared one is seen by others, so the audit trail
tells of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.field_values import require_storable
from gatekeeper.directory.models import ChosenColumns, SavedView, User
from gatekeeper.directory.row_locks import Lock, lock_user
from gatekeeper.errors import InvalidValue, UserNotFound, ViewNotFound
from gatekeeper.runtime.statements.fixed_sql import Columns, instance, run, same
from gatekeeper.runtime.transactions import one_transaction

MOST_VIEWS = 20  # of one list and person
LONGEST_NAME, LONGEST_QUERY = 60, 2000  # characters


@dataclass(frozen=True, slots=True)
class KeptOfList:
    """What somebody has of a list: their own views and those that are shared with everybody who may open it, by name;
    and the columns that they chose the last time, None when they never did.
    """

    list_name: str
    views: list[SavedView]
    columns: list[str] | None


_VIEW = Columns.of(SavedView, "id", "list_name", "name", "name_folded", "query", "is_shared")
_OWNER = Columns.of(User, "id", "display_name", "user_name")
_CHOSEN = Columns.of(ChosenColumns, "columns")
_KEPT = same(
    f"""
SELECT {", ".join(f"saved.{name}" for name in _VIEW.names)}, owner.id, owner.display_name, owner.user_name, NULL
  FROM directory_savedview AS saved JOIN directory_user AS owner ON owner.id = saved.owner_id
 WHERE saved.list_name = %(list_name)s AND (saved.owner_id = %(user)s OR saved.is_shared)
UNION ALL
SELECT {"NULL, " * (len(_VIEW.names) + len(_OWNER.names))}chosen.columns
  FROM directory_chosencolumns AS chosen
 WHERE chosen.list_name = %(list_name)s AND chosen.user_id = %(user)s
 ORDER BY name_folded, 1"""  # noqa: S608 - constants
)


def kept_of_list(user: User, list_name: str) -> KeptOfList:
    """The views of a list that somebody sees, and their columns of it. One query."""
    views, columns = list[SavedView](), None
    for *values, owner_id, display_name, user_name, chosen in run(_KEPT, {"user": user.pk, "list_name": list_name}):
        if chosen is None:
            view = instance(_VIEW, values)
            view.owner = instance(_OWNER, [owner_id, display_name, user_name])
            views.append(view)
        else:
            columns = instance(_CHOSEN, [chosen]).columns
    return KeptOfList(list_name, views, columns)


@one_transaction()
def save_view(user_id: UUID, list_name: str, name: str, query: str, *, shared: bool, actor: Actor) -> SavedView:
    """Keep a list as it is shown; one's view of that name is replaced. Raises: InvalidValue; UserNotFound."""
    _lock(user_id)
    name = checked_name(name)
    require_storable("view", query, LONGEST_QUERY)
    own = SavedView.objects.filter(owner=user_id, list_name=list_name)
    former = own.filter(name_folded=fold(name)).first()
    if former is None and own.count() >= MOST_VIEWS:
        raise InvalidValue("name", _("there are %(number)s views already: delete one first.") % {"number": MOST_VIEWS})
    view = former or SavedView(owner_id=user_id, list_name=list_name)
    was_shared = view.is_shared
    view.name, view.name_folded, view.query, view.is_shared = name, fold(name), query, shared
    view.save()
    if shared or was_shared:
        _record(view, was_shared=was_shared, actor=actor)
    return view


@one_transaction()
def rename_view(view: SavedView, name: str, *, shared: bool, actor: Actor) -> None:
    """Another name; shared or not. Raises: InvalidValue; ViewNotFound."""
    _lock(view.owner_id)
    present, name = _present(view), checked_name(name)
    same = SavedView.objects.filter(owner=view.owner_id, list_name=view.list_name, name_folded=fold(name)).exclude(
        pk=view.pk
    )
    if same.exists():
        raise InvalidValue("name", _("there is a view of this name already."))
    was_shared, before = present.is_shared, present.name
    if (before, was_shared) == (name, shared):
        return
    present.name, present.name_folded, present.is_shared = name, fold(name), shared
    present.save()
    if shared or was_shared:
        _record(present, was_shared=was_shared, actor=actor)


@one_transaction()
def delete_view(view: SavedView, *, actor: Actor) -> None:
    """End it. Raises: ViewNotFound."""
    _lock(view.owner_id)
    present = _present(view)
    if present.is_shared:
        present.is_shared = False
        _record(present, was_shared=True, actor=actor)
    SavedView.objects.filter(pk=view.pk).delete()


def checked_name(name: str) -> str:
    """A name as it is stored. Raises: InvalidValue."""
    text = " ".join(name.split())
    if not text:
        raise InvalidValue("name", _("give the view a name."))
    require_storable("name", text, LONGEST_NAME)
    return text


def choose_columns(user: User, list_name: str, columns: Sequence[str]) -> None:
    """Show these columns of a list from now on; it is no change that a log would tell of."""
    ChosenColumns.objects.update_or_create(user=user, list_name=list_name, defaults={"columns": list(columns)})


def forget_lists_of(user_id: UUID) -> None:
    """Erase what a person kept of the lists."""
    SavedView.objects.filter(owner=user_id).delete()
    ChosenColumns.objects.filter(user=user_id).delete()


def _lock(user_id: UUID) -> None:
    """Their views are counted and named one after another."""
    if lock_user(User.objects.live().filter(pk=user_id), Lock.CHANGE) is None:
        raise UserNotFound(user_id)


def _present(view: SavedView) -> SavedView:
    present = SavedView.objects.filter(pk=view.pk).first()
    if present is None:
        raise ViewNotFound
    return present


def _record(view: SavedView, *, was_shared: bool, actor: Actor) -> None:
    record(
        Event.VIEW_SHARED if view.is_shared else Event.VIEW_UNSHARED,
        actor=actor,
        kind="view",
        object_id=view.pk,
        label=view.name,
        before={"shared": was_shared},
        after={"shared": view.is_shared, "list": view.list_name, "query": view.query},
    )
