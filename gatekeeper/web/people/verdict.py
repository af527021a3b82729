"""The first thing on a person's page: what to do where they can't sign in, as far as who looks at it may do it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from gatekeeper.directory.access.readiness_texts import ReadinessCode
from gatekeeper.directory.access.resolver import Access
from gatekeeper.directory.access.states import Readiness, State
from gatekeeper.directory.explanation.explanation import MOST_OTHERS, Explanation
from gatekeeper.directory.models import User
from gatekeeper.language_forms import listed
from gatekeeper.web.framework.permissions import (
    Rule,
    access_of_request,
    may_configure,
    may_read_logs,
    may_read_people,
    viewer_may,
)
from gatekeeper.web.framework.places import (
    AUTHENTICATION,
    LOCAL_ACCOUNTS,
    PROVISIONING_LOG,
    SCIM,
    SIGN_INS,
    SYNC_HISTORY,
    Step,
)

MOST_NAMED = MOST_OTHERS - 1  # of those who have the same address


@dataclass(frozen=True, slots=True)
class _Asked:
    user: User
    theirs: Access
    readiness: Readiness
    others: Sequence[User]  # who have the same address


def verdict_facts(request: HttpRequest, user: User, now: Explanation) -> dict[str, Any]:
    """The next step, or who can do it, and who has the same work e-mail."""
    in_conflict = now.readiness.state is State.IDENTITY_CONFLICT and viewer_may(request, may_read_people)
    others = now.same_address if in_conflict else ()
    steps = list(_steps(_Asked(user, now.access, now.readiness, others)))
    viewer = access_of_request(request)
    best = steps[0] if steps else None
    return {
        "next_step": next((step for rule, step in steps if rule(viewer)), None),
        "who_can": _who_can(*best) if best and not best[0](viewer) else "",
        "same_address": _named(user, others) if others else "",
    }


def _who_can(rule: Rule, step: Step) -> str:
    """Of a step that is not for whoever looks at it."""
    return _("“%(step)s” is for %(who)s.") % {"step": step.text, "who": rule.who}


def _steps(asked: _Asked) -> Iterator[tuple[Rule, Step]]:
    """The best first, each with whom it is for."""
    user, state = asked.user, asked.readiness.state
    if state is State.AWAITING_SAML_SYNC:
        yield may_configure, Step.run_the_sync()
        yield may_read_logs, Step.to(SYNC_HISTORY)
    elif state is State.IDENTITY_CONFLICT:
        for other in asked.others:
            yield may_read_people, Step(_("Open %(name)s") % {"name": other.label}, _address_of(other))
    elif state is State.NO_GROUP_ACCESS:
        yield may_configure, _group_step(asked.theirs)
    elif state is State.NO_SAML_CONNECTION:
        nothing = asked.readiness.code is ReadinessCode.NO_CONNECTION
        yield may_configure, Step(_("Set up SAML") if nothing else _("See the connections"), AUTHENTICATION.address)
    elif state is State.NAME_ID_DIFFERS:
        yield may_read_logs, Step(_("See the sign-ins"), f"{SIGN_INS.address}?{urlencode({'q': user.user_name})}")
    elif state is not State.CAN_SIGN_IN:
        yield _where_it_was_decided(user)


def _group_step(theirs: Access) -> Step:
    """The one group that the person is in and that gives no level, or all groups."""
    groups = [source.group_id for source in theirs.sources if source.group_id]
    if len(groups) == 1:
        return Step(_("Map the group"), reverse("web:group_mapping", args=[groups[0]]))
    return Step(_("See the groups"), f"{SCIM.address}#groups")


def _where_it_was_decided(user: User) -> tuple[Rule, Step]:
    """Deactivated, deleted, without an address: at the identity provider, unless the account is local."""
    if user.is_local:
        return may_configure, Step.to(LOCAL_ACCOUNTS)
    requests = f"{PROVISIONING_LOG.address}?{urlencode({'user': str(user.pk)})}"
    return may_read_logs, Step(_("See what was provisioned"), requests)


def _named(user: User, others: Sequence[User]) -> SafeString:
    """All of one address by name, each as a link."""
    people = [user, *others[:MOST_NAMED]]
    rest = [_("others")] if len(others) > MOST_NAMED else []
    links = [format_html('<a href="{}"><bdi>{}</bdi></a>', _address_of(each), each.label) for each in people]
    return format_html(listed([*["{}"] * len(links), *rest]), *links)


def _address_of(user: User) -> str:
    return reverse("web:person", args=[user.pk])
