"""Declaring and removing attributes, each with its audit entry. ``removal.py`` deletes the values of removed ones."""

import secrets

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.row_locks import lock_site
from gatekeeper.errors import DomainError, NotFound
from gatekeeper.runtime.transactions import one_transaction
from scim.attributes.registry import definition_of, live_definitions
from scim.models import AttributeValue, CustomAttribute, CustomAttributesVersion
from scim.protocol.custom_attributes import Definition, check_beside, checked


class NotDeclared(NotFound):
    code = "attribute_not_declared"
    sentence = _("There is no custom attribute %(path)s.")

    def __init__(self, path: str) -> None:
        super().__init__(path=path[:200])


class HasValues(DomainError):
    """Removing an attribute deletes what people have of it, so it is confirmed."""

    code = "attribute_has_values"
    sentence = _("Values of %(path)s would be deleted (users: %(count)s); confirm it by the name %(name)s.")

    def __init__(self, definition: Definition, count: int) -> None:
        super().__init__(path=definition.path, name=definition.name, count=count)
        self.count = count


class BeingRemoved(DomainError):
    code = "attribute_being_removed"
    sentence = _("The values of the former %(path)s are still being deleted; declare it again in some minutes.")

    def __init__(self, path: str) -> None:
        super().__init__(path=path)


@one_transaction()
def declare(given: Definition, *, actor: Actor) -> CustomAttribute:
    """Declare an attribute of users: from the next request on it is stored, answered, found and published.

    What was sent before is unknown here; the identity provider's next cycle brings it.
    Raises: InvalidValue for what can't be declared, alone or beside the others; BeingRemoved.
    """
    definition = checked(given)
    lock_site()
    check_beside(definition, live_definitions())
    former = CustomAttribute.objects.filter(path_folded=definition.path.lower()).first()
    if former is not None:
        if AttributeValue.objects.filter(path=former.path).exists():
            raise BeingRemoved(definition.path)
        former.delete()
    made = CustomAttribute(**definition.as_document(), path_folded=definition.path.lower())
    made.save()
    _note_change()
    _record(Event.CUSTOM_ATTRIBUTE_DECLARED, made, actor, after=definition)
    return made


@one_transaction()
def describe(path: str, description: str, *, actor: Actor) -> CustomAttribute:
    """Change the description of an attribute; all else can't be changed while there may be values.

    Raises: NotDeclared; InvalidValue.
    """
    lock_site()
    attribute = find(path)
    before = definition_of(attribute)
    attribute.description = checked(Definition(**{**before.as_document(), "description": description})).description
    if attribute.description != before.description:
        attribute.save(update_fields=["description"])
        _note_change()
        _record(Event.CUSTOM_ATTRIBUTE_DESCRIBED, attribute, actor, before=before, after=definition_of(attribute))
    return attribute


@one_transaction()
def remove(path: str, *, actor: Actor, confirmed: bool) -> int:
    """Remove a declaration: nothing is answered, found or accepted of it any more, from the next request on.

    Returns: how many users have a value, which ``delete_removed_values`` deletes.
    Raises:  NotDeclared; HasValues unless ``confirmed``.
    """
    lock_site()
    attribute = find(path)
    definition, count = definition_of(attribute), users_with_value(attribute)
    if count and not confirmed:
        raise HasValues(definition, count)
    attribute.removed_at = timezone.now()
    attribute.save(update_fields=["removed_at"])
    _note_change()
    _record(Event.CUSTOM_ATTRIBUTE_REMOVED, attribute, actor, before=definition, users=count)
    return count


def find(path: str) -> CustomAttribute:
    """The declared attribute of that full name, in any case. Raises: NotDeclared."""
    found = CustomAttribute.objects.filter(removed_at=None, path_folded=path.strip().lower()).first()
    if found is None:
        raise NotDeclared(path)
    return found


def users_with_value(attribute: CustomAttribute) -> int:
    """How many users have a value. Cost: one query over the rows of the search index that hold it."""
    return AttributeValue.objects.filter(path=attribute.path).values("user_id").distinct().count()


def _note_change() -> None:
    """Make every process read the declarations again. A random number never comes back, unlike a count."""
    CustomAttributesVersion.objects.update_or_create(pk=1, defaults={"version": secrets.randbits(62)})


def _record(
    event: Event,
    attribute: CustomAttribute,
    actor: Actor,
    *,
    before: Definition | None = None,
    after: Definition | None = None,
    users: int | None = None,
) -> None:
    was = None if before is None else {**before.as_document(), **({} if users is None else {"users": users})}
    record(
        event,
        actor=actor,
        kind="custom_attribute",
        object_id=attribute.id,
        label=attribute.path,
        before=was,
        after=None if after is None else after.as_document(),
    )
