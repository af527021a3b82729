"""Whether a link works now, and why not. Judged again at each request, so nothing has to be ended anywhere."""

from collections.abc import Collection
from enum import StrEnum
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.setup_links.models import Scope, SetupLink


class LinkState(StrEnum):
    """WAITING was not opened yet; OPEN was, in one browser. The others are over for good."""

    WAITING = "waiting"
    OPEN = "open"
    FINISHED = "finished"
    REVOKED = "revoked"
    EXPIRED = "expired"
    MAKER_LOST_RIGHTS = "maker_lost_rights"
    CONNECTION_DELETED = "connection_deleted"

    @property
    def works(self) -> bool:
        return self in (LinkState.WAITING, LinkState.OPEN)


LABELS: dict[LinkState, Promise] = {
    LinkState.WAITING: _("not opened yet"),
    LinkState.OPEN: _("in use"),
    LinkState.FINISHED: _("finished"),
    LinkState.REVOKED: _("revoked"),
    LinkState.EXPIRED: _("expired"),
    LinkState.MAKER_LOST_RIGHTS: _("its maker may not configure any more"),
    LinkState.CONNECTION_DELETED: _("its connection was deleted"),
}


def state_of(link: SetupLink) -> LinkState:
    """The state of a link that was read ``with_parts``. Costs the access of its maker where nothing else ended it."""
    return states_of([link])[link.id]


def states_of(links: Collection[SetupLink]) -> dict[UUID, LinkState]:
    """The state of each; the access of all makers is read at once."""
    found = {link.id: _state_without_maker(link) for link in links}
    made = [link for link in links if link.made_by is not None and found[link.id].works]
    access = access_of_many({link.made_by for link in made if link.made_by}) if made else {}
    for link in made:
        if link.made_by_id is not None and not access[link.made_by_id].can_configure:
            found[link.id] = LinkState.MAKER_LOST_RIGHTS
    return found


def _state_without_maker(link: SetupLink) -> LinkState:
    if link.revoked_at is not None:
        return LinkState.REVOKED
    if link.finished_at is not None:
        return LinkState.FINISHED
    if link.expires_at <= timezone.now():
        return LinkState.EXPIRED
    if link.scope == Scope.CERTIFICATE and link.live_connection is None:
        return LinkState.CONNECTION_DELETED
    return LinkState.OPEN if link.browser else LinkState.WAITING
