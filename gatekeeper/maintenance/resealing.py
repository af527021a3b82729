"""Moving everything that depends on SECRET_KEY from a former key to the present one, while the site runs.

What is sealed is found by its column's class (``SealedField``). Each row is replaced only while it is what was read, so
that a process that writes it meanwhile wins. A run that was stopped goes on where it was.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import signing
from django.db import models
from django.utils import timezone

from gatekeeper.audit.chain.former_keys import audit_dependents, reseal_audit
from gatekeeper.errors import SealBroken
from gatekeeper.secrets.sealing import SealedField, is_sealed_under_present_key, seal, unseal
from saml.debugger.name_digests import attempts_under_former_keys, rekey_names

BATCH = 200  # rows read at once
SESSIONS = "sessions"
NAMES = "names in sign-in attempts"
AUDIT = "audit trail"

Progress = Callable[[str, int], None]  # what, and how many rows of it were looked at


@dataclass(frozen=True, slots=True)
class Moved:
    """By what it is: how many were moved now, how many still need a former key, and how many no known key opens."""

    resealed: dict[str, int]
    remaining: dict[str, int]
    unreadable: dict[str, int]


def reseal(progress: Progress) -> Moved:
    """Move everything. Raises nothing: what cannot be read stays as it is, and is counted."""
    moved = {_name(model): _reseal_column(model, field, progress) for model, field in sealed_columns()}
    moved[NAMES] = rekey_names(lambda count: progress(NAMES, count))
    moved[SESSIONS] = _resign_sessions(progress)
    moved[AUDIT] = reseal_audit()
    return Moved(_some(moved), dependents(), _some(unreadable()))


def dependents() -> dict[str, int]:
    """What needs a key of SECRET_KEY_FALLBACKS now, by what it is. Costs nothing where none is configured."""
    if not settings.SECRET_KEY_FALLBACKS:
        return {}
    found = {_name(model): _count(model, field, _needs_a_former_key) for model, field in sealed_columns()}
    found[NAMES] = attempts_under_former_keys()
    found[SESSIONS] = sum(map(_is_signed_by_a_former_key, _sessions()))
    found[AUDIT] = audit_dependents()
    return _some(found)


def unreadable() -> dict[str, int]:
    """What no known key opens, by what it is."""
    return {_name(model): _count(model, field, _is_unreadable) for model, field in sealed_columns()}


def sealed_columns() -> Iterator[tuple[type[models.Model], SealedField]]:
    """Every column in which something is sealed."""
    for model in apps.get_models():
        yield from ((model, field) for field in model._meta.concrete_fields if isinstance(field, SealedField))


def _reseal_column(model: type[models.Model], field: SealedField, progress: Progress) -> int:
    moved = 0
    for looked_at, row in enumerate(_rows(model, field), start=1):
        old, purpose = bytes(getattr(row, field.attname)), field.purpose_for(row)
        if _needs_a_former_key(old, purpose):
            new = seal(unseal(old, purpose=purpose), purpose=purpose)
            same = model._default_manager.filter(**{"pk": row.pk, field.attname: old})
            moved += same.update(**{field.attname: new})
        if looked_at % BATCH == 0:
            progress(_name(model), looked_at)
    return moved


def _rows(model: type[models.Model], field: SealedField) -> Iterator[Any]:
    """Rows in which something is sealed, by primary key, a batch at a time: no cursor stays open while rows change."""
    filled = model._default_manager.exclude(**{field.attname: None}).exclude(**{field.attname: b""}).order_by("pk")
    last: Any = None
    while batch := list((filled if last is None else filled.filter(pk__gt=last))[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _count(model: type[models.Model], field: SealedField, wanted: Callable[[bytes, str], bool]) -> int:
    rows = _rows(model, field)
    return sum(wanted(bytes(getattr(row, field.attname)), field.purpose_for(row)) for row in rows)


def _needs_a_former_key(sealed: bytes, purpose: str) -> bool:
    return not is_sealed_under_present_key(sealed, purpose=purpose) and not _is_unreadable(sealed, purpose)


def _is_unreadable(sealed: bytes, purpose: str) -> bool:
    try:
        unseal(sealed, purpose=purpose)
    except SealBroken:
        return True
    return False


def _resign_sessions(progress: Progress) -> int:
    moved, store = 0, _session_store()
    for looked_at, row in enumerate(_sessions(), start=1):
        if _is_signed_by_a_former_key(row):
            same = Session.objects.filter(pk=row.pk, session_data=row.session_data)
            moved += same.update(session_data=store.encode(store.decode(row.session_data)))
        if looked_at % BATCH == 0:
            progress(SESSIONS, looked_at)
    return moved


def _sessions() -> Iterator[Session]:
    live = Session.objects.filter(expire_date__gt=timezone.now()).order_by("pk")
    last = ""
    while batch := list(live.filter(pk__gt=last)[:BATCH]):
        yield from batch
        last = batch[-1].pk


def _is_signed_by_a_former_key(row: Session) -> bool:
    return not _is_signed(row, []) and _is_signed(row, settings.SECRET_KEY_FALLBACKS)


def _is_signed(row: Session, fallbacks: Sequence[str]) -> bool:
    store = _session_store()
    try:
        signing.loads(row.session_data, salt=store.key_salt, serializer=store.serializer, fallback_keys=list(fallbacks))
    except signing.BadSignature:
        return False
    return True


def _session_store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore()


def _name(model: type[models.Model]) -> str:
    return str(model._meta.verbose_name_plural)


def _some(counts: dict[str, int]) -> dict[str, int]:
    return {what: count for what, count in counts.items() if count}
