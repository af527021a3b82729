"""The audit trail when SECRET_KEY changes: entries keep their MACs; the former key is kept, sealed, to read them."""

from django.conf import settings
from django.db.models import Q, QuerySet

from gatekeeper.audit.chain.keys import keep_former_key, kept_former_key, key_of, present_key
from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.models import AuditEntry, AuditHead, AuditSegment


def reseal_audit() -> int:
    """Keep what former keys made readable without them; how many entries that is about. What waits is linked first."""
    link_new_entries()
    moved = 0
    position = AuditHead.objects.filter(pk=1).values_list("position", flat=True).first() or 0
    for secret_key in settings.SECRET_KEY_FALLBACKS:
        linked = _made_with(secret_key).filter(position__lte=position).count() + _segments_of(secret_key)
        if linked:
            keep_former_key(secret_key, until=position)
            moved += linked
    return moved


def audit_dependents() -> int:
    """How many entries, and the record of the newest link, can be checked with a former SECRET_KEY only."""
    former = [key for key in settings.SECRET_KEY_FALLBACKS if key != settings.SECRET_KEY]
    heads = AuditHead.objects.filter(key_id__in=[key_of(secret_key).id for secret_key in former])
    return sum(_made_with(each).count() + _segments_of(each) for each in former) + heads.count()


def _segments_of(secret_key: str) -> int:
    """Sealed segments that need this key, for their seals or for what is in their files, where it is not kept."""
    key, kept = key_of(secret_key), kept_former_key(secret_key)
    if key.id == present_key().id or kept is not None:
        return 0
    sealed = AuditSegment.objects.values_list("key_id", "keys")
    return sum(key.id == made_with or key.id in written_with for made_with, written_with in sealed)


def _made_with(secret_key: str) -> QuerySet[AuditEntry]:
    """Entries that this key wrote or linked, and for which it is not kept."""
    key, kept = key_of(secret_key), kept_former_key(secret_key)
    if key.id == present_key().id:
        return AuditEntry.objects.none()
    made = AuditEntry.objects.filter(Q(mac_key=key.id) | Q(key_hint=key.id))
    return made if kept is None or kept.until is None else made.filter(Q(position=None) | Q(position__gt=kept.until))
