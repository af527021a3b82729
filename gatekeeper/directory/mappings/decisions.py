"""An administrator's decision about mappings and policies as one change, with its checks and alerts."""

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
    """Wrap a change of what groups grant, inside its transaction; nested calls are part of the outermost.

    Somebody has to be left who may configure. People who become Global Administrator are recorded, and an unusual
    number of people who lose access raises an alert. ``alerts``: False for a change that is tried and rolled back.
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
