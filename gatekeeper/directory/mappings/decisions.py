"""An administrator's decision about mappings and policies as one change, with its checks and alerts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gatekeeper.audit.actor import Actor
from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.access.resolver import SiteFacts
from gatekeeper.directory.deprovisioning_limits.limits import alert_losses
from gatekeeper.directory.deprovisioning_limits.privilege_gains import record_gains_between
from gatekeeper.directory.lockout_protection import protected_from_lockout

_inside: ContextVar[bool] = ContextVar("deciding", default=False)


@contextmanager
def mapping_decision(
    *,
    actor: Actor,
    alerts: bool = True,
    site: SiteFacts | None = None,
    effect: Callable[[SiteFacts], SiteFacts] | None = None,
) -> Iterator[None]:
    """Wrap a change of what groups grant, inside its transaction; nested calls are part of the outermost.

    Somebody has to be left who may configure. People who become Global Administrator are recorded, and an unusual
    number of people who lose access raises an alert. ``alerts``: False for a change that is tried and rolled back.
    ``site``: the site's facts, where the caller has read them under the site's lock. ``effect``: what the change does
    to them, where that is known; else they are read again afterwards.
    Raises: NobodyCouldConfigure; the transaction is then rolled back.
    """
    if _inside.get():
        yield
        return
    before = site or site_facts()
    token = _inside.set(True)
    try:
        with protected_from_lockout():
            yield
    finally:
        _inside.reset(token)
    if alerts:
        record_gains_between(before, effect(before) if effect else site_facts(), actor=actor)
        alert_losses(actor=actor)
