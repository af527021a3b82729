"""Taking a person's data out of the diary, in a way that the chain of the audit trail survives and tells."""

from uuid import UUID

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import entry
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry

ERASED = "Erased user"


def erase_from_diary(user_id: UUID, *, actor: Actor) -> None:
    """Take names, addresses and profile out of every entry about this person or by them; that there was one stays.

    The erasure is an entry itself and names the entries that it changed: ``chain.verify`` accepts those and no others.
    """
    about = AuditEntry.objects.filter(object_kind="user", object_id=str(user_id)).exclude(position=None)
    by = AuditEntry.objects.filter(actor_kind="person", actor_id=str(user_id)).exclude(position=None)
    ids = sorted({*about.values_list("id", flat=True), *by.values_list("id", flat=True)})
    erasure = entry(
        Event.USER_ERASED, actor=actor, kind="user", object_id=user_id, label=ERASED, after={"entries": ids}
    )
    erasure.save(force_insert=True)
    about.update(object_label=ERASED, before=None, after=None, erased_by=erasure.pk)
    by.update(actor_name=ERASED, erased_by=erasure.pk)
    ProvisioningEntry.objects.filter(user_id=user_id).update(
        user_label=ERASED, query="", detail="", request=None, answer=None, changed=None
    )
