"""The places of the site and their parts by their names, and by what else people call them. No query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from gatekeeper.directory.access.resolver import Access
from gatekeeper.web.framework import places
from gatekeeper.web.framework.permissions import is_signed_in
from gatekeeper.web.framework.places import Place
from gatekeeper.web.search.options import Fit, Option, Section, best_fit

# What else a place is called, with commas between. A place that is not here is found by its name.
WORDS: Mapping[Place, StrOrPromise] = {
    places.HOME: gettext_lazy("start, today, dashboard, overview, status, needs you"),
    places.USERS: gettext_lazy("people, persons, members, accounts, directory, employees, staff"),
    places.GROUPS: gettext_lazy("IdP groups, mappings, memberships, what a group grants"),
    places.TEAMS: gettext_lazy("create team, merge, rename"),
    places.ACCESS_REPORTS: gettext_lazy(
        "who had, who has, access review, certification, history of access, export, CSV"
    ),
    places.PROFILE: gettext_lazy("my account, language, sessions, API tokens, my access"),
    places.PROVISIONING_LOG: gettext_lazy("SCIM requests, errors, events, Entra, Okta, cycle"),
    places.SYNC_HISTORY: gettext_lazy("SAML user sync, runs, run now, conflicts, minute 45"),
    places.SIGN_INS: gettext_lazy("sign-in attempts, login, logins, debugger, SAML responses, refused, test sign-in"),
    places.TOKEN_LOG: gettext_lazy("OAuth, access tokens, client credentials"),
    places.AUDIT_TRAIL: gettext_lazy("audit log, changes, who changed, history"),
    places.CONFIGURATION: gettext_lazy("settings, set-up, setup, checklist, steps"),
    places.SCIM: gettext_lazy("provisioning, base URL, tenant URL"),
    places.AUTHENTICATION: gettext_lazy(
        "SAML, single sign-on, SSO, certificates, metadata, identity provider, connections, ACS"
    ),
    places.SETUP_LINKS: gettext_lazy("one-time link, wizard, without an account, certificate renewal"),
    places.CUSTOM_ATTRIBUTES: gettext_lazy("schema, extension, URN, SCIM attributes"),
    places.DEPROVISIONING_LIMIT: gettext_lazy(
        "accidental deletions, hold, alert, held changes, approve, gained privilege"
    ),
    places.LOCAL_ACCOUNTS: gettext_lazy("break-glass, emergency access, local administrators"),
    places.AS_CODE: gettext_lazy("configuration as code, export, apply, JSON, document, backup of the configuration"),
    places.RETENTION: gettext_lazy("privacy, personal data, GDPR, erase, delete after"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What somebody looks for that is a part of a place, or a page below it."""

    name: StrOrPromise
    place: Place
    icon: str
    page: str = ""
    anchor: str = ""
    words: StrOrPromise = ""

    @property
    def address(self) -> str:
        """Where it is."""
        return reverse(self.page or self.place.page) + self.anchor

    @property
    def where(self) -> str:
        """The places that it belongs to, as a breadcrumb."""
        above = [*self.place.above, self.place] if self.page or self.anchor else self.place.above
        return " › ".join([_("Settings")] * self.place.in_settings + [str(place) for place in above])


SCIM_LIMITS = Place(gettext_lazy("Limits of SCIM"), "web:scim_limits", is_signed_in, "info")

PARTS: tuple[Part, ...] = (
    Part(
        name=gettext_lazy("Fallback team"),
        place=places.SCIM,
        anchor="#fallback-form",
        words=gettext_lazy("Select Fallback Team, default team"),
        icon="team",
    ),
    Part(
        name=gettext_lazy("Default Mapping"),
        place=places.SCIM,
        page="web:default_mapping",
        words=gettext_lazy("default level, default permissions, minimal permissions"),
        icon="pencil",
    ),
    Part(
        name=gettext_lazy("Last group policy"),
        place=places.SCIM,
        anchor="#policy-form",
        words=gettext_lazy("revoke, fallback, removed from their last group"),
        icon="settings",
    ),
    Part(
        name=gettext_lazy("IdP groups"),
        place=places.SCIM,
        anchor="#groups",
        words=gettext_lazy("groups, mappings, levels, permissions, what each group grants"),
        icon="group",
    ),
    Part(
        name=gettext_lazy("Credentials"),
        place=places.SCIM,
        anchor="#credentials",
        words=gettext_lazy("API key, SCIM key, secret token, OAuth clients, generate, rotate, revoke, rate limit"),
        icon="key",
    ),
    Part(
        name=gettext_lazy("Add OAuth client"),
        place=places.SCIM,
        page="web:add_oauth_client",
        words=gettext_lazy("client secret, workload identity federation, client credentials"),
        icon="plus",
    ),
    Part(
        name=gettext_lazy("Configure SAML 2.0"),
        place=places.AUTHENTICATION,
        page="web:new_connection",
        words=gettext_lazy("new connection, IDP metadata URL, add identity provider"),
        icon="plus",
    ),
    Part(
        name=SCIM_LIMITS.name,
        place=SCIM_LIMITS,
        words=gettext_lazy("rate limit, largest request, 429, 413"),
        icon=SCIM_LIMITS.icon,
    ),
)
PAGES: tuple[Part, ...] = (
    *(
        Part(name=place.name, place=place, icon=place.icon or "settings", words=WORDS.get(place, ""))
        for place in places.PLACES.values()
    ),
    *PARTS,
)


def pages_section(search: str, access: Access, most: int) -> Section | None:
    """The pages that fit best, of those that this person may open; without a search the first ones."""
    fits = [
        (_fit(search, page, *english) if search else Fit.BEGINS, page)
        for page, english in zip(PAGES, _in_english(), strict=True)
        if page.place.rule(access)
    ]
    fitting = sorted((each for each in fits if each[0] < Fit.ELSEWHERE), key=lambda each: each[0])
    options = [
        Option(name=str(page.name), address=page.address, icon=page.icon, fit=fit, about=page.where)
        for fit, page in fitting[:most]
    ]
    return Section(title=_("Pages and settings"), options=options) if options else None


def _fit(search: str, page: Part, english_name: str, english_words: Sequence[str]) -> Fit:
    """How well a page fits by its name in this language or in English, or by what else it is called in them."""
    by_name = min(best_fit(search, name, ()) for name in (str(page.name), english_name))
    words = (*_words_of(page.words), *english_words)
    by_words = min((best_fit(search, word, ()) for word in words), default=Fit.ELSEWHERE)
    return min(by_name, Fit.CONTAINS if by_words <= Fit.WORD_BEGINS else Fit.ELSEWHERE)


@cache
def _in_english() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Names and words as documents and colleagues may call the pages, whatever the language of this reader."""
    with translation.override("en"):
        return tuple((str(page.name), _words_of(page.words)) for page in PAGES)


def _words_of(text: StrOrPromise) -> tuple[str, ...]:
    return tuple(word.strip() for word in str(text).split(",") if word.strip())
