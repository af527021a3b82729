"""The linking of people as it was, person by person: the oracle of the one in SQL."""

from datetime import datetime

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.access.loaders import conflict_exists
from gatekeeper.directory.identity_linking.home_realm_discovery import may_name
from gatekeeper.directory.identity_linking.linking import TOMBSTONE_PATTERN, unlink_outdated
from gatekeeper.directory.models import IdentityProvider, SignInIdentity, User
from gatekeeper.directory.outbox_events import user_event
from gatekeeper.events.codes import EventCode
from gatekeeper.events.outbox import emit_all
from gatekeeper.runtime.transactions import one_transaction


def link_one_by_one(*, actor: Actor, now: datetime) -> tuple[int, int]:
    """How many were linked and unlinked."""
    unlinked, _ = unlink_outdated(actor=actor, now=now)
    linked = 0
    for provider in IdentityProvider.objects.live():
        people = User.objects.provisioned().filter(~conflict_exists(), active=True, work_email__isnull=False)
        for user in people.exclude(user_name__regex=TOMBSTONE_PATTERN).order_by("id"):
            linked += _link(user, provider, actor, now)
    return linked, unlinked


def _link(user: User, provider: IdentityProvider, actor: Actor, now: datetime) -> bool:
    links = SignInIdentity.objects.live().filter(provider=provider)
    if links.filter(user=user).exists() or links.filter(name_id_folded=user.work_email_folded).exists():
        return False
    name, folded = user.work_email or "", user.work_email_folded or ""
    if not may_name(provider.id, folded):
        return False
    with one_transaction():
        SignInIdentity.objects.create(user=user, provider=provider, name_id=name, name_id_folded=folded, since=now)
        said = {"name_id": name}
        record(Event.IDENTITY_LINKED, actor=actor, kind="user", object_id=user.id, label=user.label, after=said)
        to = {"id": str(provider.id), "name": provider.name}
        emit_all([user_event(EventCode.USER_LINKED, user, actor=actor, connection=to)])
    return True
