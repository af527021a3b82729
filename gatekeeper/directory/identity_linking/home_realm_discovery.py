"""Home realm discovery: which identity provider may name whom, by e-mail domain. ``domains.py`` writes the domains.

A provider that states domains may name the people of these domains and nobody else, and no other provider may name
them. One that states none may name everybody whose domain no other one states. So a second tenant cannot assert the
first one's administrators once the first one's domains are stated.
"""

from uuid import UUID

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, Value
from django.db.models.functions import Concat

from gatekeeper.directory.case_folding import domain_of
from gatekeeper.directory.models import IdentityProvider, PeriodQuerySet, ProviderDomain


def stated_domains() -> PeriodQuerySet[ProviderDomain]:
    """The rows that hold now, of providers that are trusted with people."""
    return _live_domains().filter(provider__test_only=False)


def domains_of(provider_id: UUID) -> tuple[str, ...]:
    """The domains that a provider states now, sorted."""
    return tuple(sorted(_live_domains().filter(provider=provider_id).values_list("domain", flat=True)))


def is_domain(*forms: str) -> Q:
    """The rows of a domain, in whichever form it is written."""
    return Q(domain__in=forms) | Q(ascii__in=forms)


def provider_for(email: str) -> UUID | None:
    """The provider that states the domain of this address; None when none does. No person is looked up for it."""
    return stated_domains().filter(is_domain(domain_of(email))).values_list("provider_id", flat=True).first()


def may_name(provider_id: UUID, email: str) -> bool:
    """Whether a provider may name a person with this address. Two queries."""
    responsible = provider_for(email)
    if responsible is not None:
        return responsible == provider_id
    return not stated_domains().filter(provider=provider_id).exists()


def allowed(provider: UUID | OuterRef, email: str) -> Q:
    """``may_name`` as a condition over rows: ``email`` names their column with the folded address."""
    claims = _claims_on(email)
    states_some = stated_domains().filter(provider=provider)
    return Q(Exists(claims.filter(provider=provider))) | (~Q(Exists(states_some)) & ~Q(Exists(claims)))


def without_a_provider(email: str) -> Q:
    """The condition "no provider may name this address", where there are providers and each states other domains."""
    live = IdentityProvider.objects.trusted().live()
    for_everybody = live.filter(~Exists(stated_domains().filter(provider=OuterRef("pk"))))
    return Q(Exists(live)) & ~Q(Exists(for_everybody)) & ~Q(provider_exists(email))


def provider_exists(email: str) -> Exists:
    """The condition "a provider states the domain of this address"."""
    return Exists(_claims_on(email))


def _claims_on(email: str) -> PeriodQuerySet[ProviderDomain]:
    # By its end, not by what follows an "@": a quoted local part may hold one too.
    addressed = stated_domains().alias(mail=ExpressionWrapper(OuterRef(email), output_field=CharField()))
    return addressed.filter(
        Q(mail__endswith=Concat(Value("@"), F("domain"))) | Q(mail__endswith=Concat(Value("@"), F("ascii")))
    )


def _live_domains() -> PeriodQuerySet[ProviderDomain]:
    return ProviderDomain.objects.live().filter(provider__until=None).order_by()
