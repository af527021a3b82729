"""What an administrator's decision about mappings and policies does to people, looked at as one change."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.deprovisioning_limits.limits import alert_losses
from gatekeeper.directory.deprovisioning_limits.privilege_gains import record_gains_between
from gatekeeper.directory.lockout_protection import protected_from_lockout

_inside: ContextVar[bool] = ContextVar("deciding", default=False)


@contextmanager
def mapping_decision(*, actor: Actor, alerts: bool = True) -> Iterator[None]:
    """Wraps every change of what groups are worth, inside its transaction; of several that are nested the outermost.

    Somebody has to be left who may configure; who becomes Global Administrator is told, and so is an unusual number of
    people who lose their access. ``alerts``: whether it is carried out, and not only tried.
    Raises: NobodyCouldConfigure; the transaction is then rolled back.
    """
    if _inside.get():
        yield
        return
    before = site_facts()
    token = _inside.set(True)
    try:
        with protected_from_lockout():
            yield
    finally:
        _inside.reset(token)
    if alerts:
        record_gains_between(before, site_facts(), actor=actor)
        alert_losses(actor=actor)
