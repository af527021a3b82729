"""Whose links a change of a connection ends: the question that is asked before it is saved."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from gatekeeper.directory.identity_linking.domains import read_domain
from gatekeeper.directory.impact.first_names import NAMED, first_names, listed
from gatekeeper.directory.models import SignInIdentity, User
from gatekeeper.web.framework.change_confirmation import NO_QUESTION, Question
from saml.connections.settings import settings_of
from saml.models import Connection


def names_of_linked(connection: Connection, linked: int) -> str:
    """The first of the people who sign in through a connection, and how many others there are. One query, or none."""
    if not linked:
        return ""
    theirs = SignInIdentity.objects.live().filter(provider=connection.pk, user=OuterRef("pk"))
    people = User.objects.filter(Exists(theirs)).order_by("user_name_folded")[:NAMED]
    return listed([user.label for user in people], linked)


def links_ended_since(moment: datetime) -> QuerySet[SignInIdentity]:
    """The links that ended since a moment of people who have none for another connection."""
    others = SignInIdentity.objects.live().filter(user=OuterRef("user"))
    return SignInIdentity.objects.filter(~Exists(others), until__gte=moment)


def question_about_ended(connection: Connection, ended: Iterable[tuple[UUID, UUID]]) -> Question:
    """What Save asks where links ended. ``ended``: of each the person and the connection that it was for."""
    own = {str(user) for user, provider in ended if provider == connection.pk}
    others = {str(user) for user, provider in ended if provider != connection.pk}
    questions = [_about(connection, own, _no_longer), _about(connection, others, _only_through)]
    return Question(
        " ".join(each.text for each in questions if each), tuple(part for each in questions for part in each.about)
    )


def question_about_domains(name: str, domains: Collection[str], *, but: Connection | None = None) -> Question:
    """What is asked before a connection is the only one for these domains: who signs in through another one so far.

    They can sign in again after the next sync. Raises: InvalidValue for what is no domain.
    """
    known = {form for each in domains for form in read_domain(each)}
    if not known:
        return NO_QUESTION
    theirs = Q()
    for form in known:
        theirs |= Q(user__work_email_folded__endswith=f"@{form}")
    linked = SignInIdentity.objects.live().filter(theirs)
    if but is not None:
        linked = linked.exclude(provider=but.pk)
    ids = {str(user) for user in linked.values_list("user", flat=True)}
    return _question(ids, _only_through, name, ("domains", *sorted(known)))


def question_about_switching_on(connection: Connection) -> Question:
    """The same for a connection that was only tried out: its domains are its own from then on."""
    return question_about_domains(connection.name, settings_of(connection).domains, but=connection)


def question_about_claim(connection: Connection, claim: str, who: str) -> Question:
    """What is asked before another claim (or the NameID) says who is signing in; ``who`` is it in words.

    Nobody knows beforehand whom it names, so it is asked about everybody who signs in through the connection.
    """
    linked = SignInIdentity.objects.live().filter(provider=connection.pk).count()
    if not linked or claim == connection.person_claim:
        return NO_QUESTION
    sign_in = ngettext(
        "%(people)s person signs in through %(connection)s: %(names)s.",
        "%(people)s people sign in through %(connection)s: %(names)s.",
        linked,
    ) % {"people": f"{linked:,}", "connection": connection.name, "names": names_of_linked(connection, linked)}
    could = _("Whom %(who)s does not name could no longer.") % {"who": who}
    return Question(f"{sign_in} {could}", (("person_claim", str(connection.id), claim, linked),))


def _about(connection: Connection, ids: set[str], text: Callable[[int], str]) -> Question:
    return _question(ids, text, connection.name, ("lose_links", str(connection.id)))


def _question(ids: set[str], text: Callable[[int], str], name: str, about: tuple[str, ...]) -> Question:
    if not ids:
        return NO_QUESTION
    values = {"people": f"{len(ids):,}", "connection": name, "names": first_names(ids)}
    return Question(text(len(ids)) % values, ((*about, text.__name__, len(ids)),))


def _no_longer(people: int) -> str:
    return ngettext(
        "%(people)s person could no longer sign in through %(connection)s: %(names)s.",
        "%(people)s people could no longer sign in through %(connection)s: %(names)s.",
        people,
    )


def _only_through(people: int) -> str:
    return ngettext(
        "%(people)s person could no longer sign in until the next sync, and then only by %(connection)s: %(names)s.",
        "%(people)s people could no longer sign in until the next sync, and then only by %(connection)s: %(names)s.",
        people,
    )
