"""Which texts a column can hold: asked once, by the services that write them, whichever endpoint they came through."""

from django.utils.translation import gettext_lazy as _

from gatekeeper.directory.changes import GroupRecord, UserRecord
from gatekeeper.errors import InvalidValue

NAME_LIMIT = 512  # characters, as the columns hold them


def require_storable(attribute: str, text: str | None, limit: int = NAME_LIMIT) -> None:
    """Raises InvalidValue for text that a column cannot hold: too long, or with a NUL character."""
    if text is None:
        return
    if len(text) > limit:
        raise InvalidValue(attribute, _("at most %(limit)s characters are possible."), limit=limit)
    if "\x00" in text:
        raise InvalidValue(attribute, _("the NUL character cannot be stored."))


def require_valid_user(record: UserRecord) -> None:
    """Raises InvalidValue for a user without a userName (RFC 7643 §4.1.1), or with a text that cannot be stored."""
    _require_name("userName", record.user_name)
    require_storable("externalId", record.external_id)
    require_storable("displayName", record.display_name)
    require_storable("emails", record.work_email)


def require_valid_group(record: GroupRecord) -> None:
    """Raises InvalidValue for a group without a displayName (RFC 7643 §4.2), or with a text that cannot be stored."""
    _require_name("displayName", record.display_name)
    require_storable("externalId", record.external_id)


def _require_name(attribute: str, name: str) -> None:
    if not name.strip():
        raise InvalidValue(attribute, _("a value is required."))
    require_storable(attribute, name)
