"""The e-mail domains of an identity provider: set here, and read by ``home_realm_discovery.py``."""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import DomainNameValidator
from django.db import IntegrityError
from django.db.models import OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.actor import Actor
from gatekeeper.audit.events import Event
from gatekeeper.audit.log import record
from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.identity_linking.home_realm_discovery import allowed, domains_of, is_domain, stated_domains
from gatekeeper.directory.identity_linking.linking import unlink_outdated
from gatekeeper.directory.lockout_protection import protected_from_lockout
from gatekeeper.directory.models import IdentityProvider, ProviderDomain, SessionEnd, SignIn
from gatekeeper.directory.row_locks import Lock, lock_users
from gatekeeper.errors import DomainTaken, IdentityProviderNotFound, InvalidValue
from gatekeeper.runtime.transactions import one_transaction

MOST_DOMAINS = 100
_LONGEST = 253  # characters of a name in the DNS, RFC 1035 2.3.4
_VALID = DomainNameValidator()


@one_transaction()
def set_domains(provider_id: UUID, domains: Iterable[str], *, actor: Actor) -> tuple[str, ...]:
    """Set the e-mail domains of an identity provider; without any it is for everybody whose domain no other one has.

    Links and sessions of people with other domains end now; new links are made by the next sync.
    Raises: InvalidValue; DomainTaken; IdentityProviderNotFound; NobodyCouldConfigure. Returns the domains, sorted.
    """
    wanted = dict(read_domain(each) for each in domains)
    if len(wanted) > MOST_DOMAINS:
        raise InvalidValue("domains", _("at most %(most)s domains are possible."), most=MOST_DOMAINS)
    provider = IdentityProvider.objects.live().select_for_update().filter(pk=provider_id).first()
    if provider is None:
        raise IdentityProviderNotFound(provider_id)
    before = domains_of(provider_id)
    after = tuple(sorted(wanted))
    if after == before:
        return after
    with protected_from_lockout():
        _replace(provider, wanted, before)
        _end_what_does_not_fit(actor=actor)
    record(
        Event.CONNECTION_DOMAINS_SET,
        actor=actor,
        kind="connection",
        object_id=provider.id,
        label=provider.name,
        before={"domains": list(before)},
        after={"domains": list(after)},
    )
    return after


def read_domain(text: str) -> tuple[str, str]:
    """A domain as it is compared (folded, Unicode) and as an A-label. "@contoso.com" and "contoso.com." are read too.

    Raises: InvalidValue for a text that is not the domain of a mail address.
    """
    stated = text.strip().removeprefix("@").removesuffix(".")
    if len(stated) > _LONGEST:
        raise InvalidValue("domains", _("a domain has at most %(longest)s characters."), longest=_LONGEST)
    try:
        ascii_form = stated.encode("idna").decode("ascii").lower()
        _VALID(ascii_form)
        return fold(ascii_form.encode("ascii").decode("idna")), ascii_form
    except (UnicodeError, ValidationError) as error:
        raise InvalidValue(
            "domains", _("%(stated)s is no e-mail domain, such as contoso.com."), stated=stated[:100] or "nothing"
        ) from error


def _replace(provider: IdentityProvider, wanted: dict[str, str], before: tuple[str, ...]) -> None:
    now = timezone.now()
    provider.domains.filter(domain__in=set(before) - wanted.keys()).end(now)
    for domain in sorted(wanted.keys() - set(before)):
        taken = stated_domains().filter(is_domain(domain, wanted[domain])).select_related("provider").first()
        if taken is not None:
            raise DomainTaken(domain, taken.provider.name)
        try:
            ProviderDomain.objects.create(provider=provider, domain=domain, ascii=wanted[domain], since=now)
        except IntegrityError as error:  # taken in this very moment, by a transaction that was not to be seen yet
            raise DomainTaken(domain, _("that was saved a moment ago")) from error


def _end_what_does_not_fit(*, actor: Actor) -> None:
    now = timezone.now()
    unlink_outdated(actor=actor, now=now)
    fitting = allowed(OuterRef("provider_id"), "user__work_email_folded")
    misfits = SignIn.objects.live().filter(~fitting, provider__isnull=False)
    lock_users(set(misfits.values_list("user_id", flat=True)), Lock.CHANGE)
    misfits.end(now, ended_because=SessionEnd.LOST_ACCESS)
