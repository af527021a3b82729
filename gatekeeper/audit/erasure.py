"""Erasing a person's data from the logs: the chain of the audit trail still verifies, and has an entry of it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.chain.faults import ERASED, LISTS
from gatekeeper.audit.chain.mac import ACTOR, OBJECT
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import entry, record_all
from gatekeeper.audit.models import BODIES, AuditEntry, ProvisioningEntry, SegmentErasure
from gatekeeper.audit.stored_bodies import packed
from gatekeeper.errors import PrivilegeHeld

_AT_ONCE = 1000  # ids in one statement


def erase_from_logs(user_id: UUID, *, actor: Actor) -> None:
    """Erase names, addresses and profile from every entry about this person or by them; the entries themselves stay.

    Of each personal part the commitment stays, without its salt. The erasure is an entry itself and lists the entries
    whose parts it blanked: ``verify`` accepts those and no others. What is in files of sealed segments follows
    in ``segments/erasing.py``.
    """
    linked = AuditEntry.objects.exclude(position=None).exclude(event=Event.USER_ERASED)
    about = linked.filter(object_kind="user", object_id=str(user_id), erased_by=None)
    by = linked.filter(actor_kind="person", actor_id=str(user_id), actor_erased_by=None)
    ids = {OBJECT: _ids(about), ACTOR: _ids(by)}
    erasure = entry(
        Event.USER_ERASED,
        actor=actor,
        kind="user",
        object_id=user_id,
        label=ERASED,
        after={LISTS[part]: listed for part, listed in ids.items()},
    )
    record_all([erasure])
    _blank(ids[OBJECT], object_label=ERASED, before=None, after=None, object_salt="", erased_by=erasure.pk)
    _blank(ids[ACTOR], actor_name=ERASED, actor_salt="", actor_erased_by=erasure.pk)
    SegmentErasure.objects.get_or_create(person=user_id)
    _erase_requests(user_id)


def _erase_requests(user_id: UUID) -> None:
    """Blank the provisioning entries about this person, and what refusals of other requests say of them by name."""
    ProvisioningEntry.objects.filter(user_id=user_id).update(
        user_label=ERASED, query="", detail="", parameters=None, changed=None, **dict.fromkeys(BODIES)
    )
    named = ProvisioningEntry.objects.filter(reason=PrivilegeHeld.code).values_list("id", "parameters")
    ids = [entry_id for entry_id, parameters in named.iterator() if _names(parameters, user_id)]
    for start in range(0, len(ids), _AT_ONCE):
        entries = list(ProvisioningEntry.objects.filter(pk__in=ids[start : start + _AT_ONCE]))
        for each in entries:
            each.detail, each.parameters = "", None
            each.bodies, each.former_request, each.former_answer = packed(each.request, None), None, None
        ProvisioningEntry.objects.bulk_update(entries, ["detail", "parameters", *BODIES])


def _names(parameters: Any, user_id: UUID) -> bool:
    return any(each["id"] == str(user_id) for each in (parameters or {}).get("people", ()))


def _ids(entries: QuerySet[AuditEntry]) -> list[int]:
    return list(entries.order_by("id").values_list("id", flat=True))


def _blank(ids: list[int], **values: Any) -> None:
    """Blank exactly the entries that the erasure lists: more may have been linked meanwhile."""
    for start in range(0, len(ids), _AT_ONCE):
        AuditEntry.objects.filter(pk__in=ids[start : start + _AT_ONCE]).update(**values)
