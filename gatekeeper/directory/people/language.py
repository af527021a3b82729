"""The language in which a person reads the pages: their own choice, or else what their browser prefers."""

from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.models import User
from gatekeeper.directory.row_locks import Lock, lock_user
from gatekeeper.errors import InvalidValue, UserNotFound
from gatekeeper.runtime.transactions import one_transaction

AS_THE_BROWSER = ""


def chosen_language(user: User) -> str:
    """The code of ``LANGUAGES`` that this person chose; empty when none, or one that this version does not know."""
    return user.language if user.language in dict(settings.LANGUAGES) else AS_THE_BROWSER


@one_transaction()
def choose_language(user_id: UUID, language: str, *, actor: Actor) -> None:
    """Read the pages in ``language``, a code of ``LANGUAGES``; empty: as the browser prefers.

    It is no attribute of the identity provider, so the version that SCIM shows stays.
    Raises: InvalidValue; UserNotFound.
    """
    if language != AS_THE_BROWSER and language not in dict(settings.LANGUAGES):
        raise InvalidValue("language", _("choose one of the languages."))
    user = lock_user(User.objects.live().filter(pk=user_id), Lock.CHANGE)
    if user is None:
        raise UserNotFound(user_id)
    before = user.language
    if before == language:
        return
    User.objects.filter(pk=user_id).update(language=language)
    record(
        Event.LANGUAGE_CHOSEN,
        actor=actor,
        kind="user",
        object_id=user_id,
        label=user.label,
        before={"language": before},
        after={"language": language},
    )
