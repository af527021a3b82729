"""People whose NameID at the identity provider differs from their work e-mail here, or whose address another has.

Read from the sign-in attempts, which are kept for a month and name the user whom an unknown name probably means.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from gatekeeper.directory.identity_linking.sign_in import OTHER_PERSON, UNKNOWN_PERSON
from gatekeeper.directory.models import FormerName, SignInIdentity, User
from gatekeeper.runtime.statements.unions import union_all
from saml.debugger.attempts import personal_values
from saml.models import SignInAttempt


@dataclass(frozen=True, slots=True)
class RefusedSignIns:
    """What was refused to whom is taken for one person.

    ``name_ids``: as ``refused_name_ids`` says it. ``other_accounts``: by connection, when last another account came
    under the person's address.
    """

    name_ids: Mapping[UUID, str] = field(default_factory=dict)
    other_accounts: Mapping[UUID, datetime] = field(default_factory=dict)

    def has_other_account(self, links: Iterable[SignInIdentity]) -> bool:
        """Whether one came since the account of one of the person's links was remembered."""
        return any(
            self.other_accounts[link.provider_id] >= (link.remembered_at or link.since)
            for link in links
            if link.provider_id in self.other_accounts and link.until is None and (link.object_id or link.persistent_id)
        )


def differs_from_name_id() -> Q:
    """The condition, on users, that they last came under a name that nobody has; no query by itself."""
    return Q(Exists(_last_and_unknown().filter(user=OuterRef("pk"))))


def refused_name_ids(people: Collection[User]) -> dict[UUID, str]:
    """That name for each of these people who came under one; masked when it is older than a week. One query."""
    return _names(_last_and_unknown().filter(user__in=[user.pk for user in people]))


def refused_sign_ins(user: User) -> RefusedSignIns:
    """Both for one person. One query; for a local administrator, who signs in otherwise, none."""
    if user.is_local:
        return RefusedSignIns()
    refused = SignInAttempt.objects.filter(user=user, accepted=False, failed_check=OTHER_PERSON)
    later = refused.filter(connection=OuterRef("connection"), at__gt=OuterRef("at"))
    others = refused.filter(~Exists(later), connection__isnull=False)
    unknown = _last_and_unknown().filter(user=user)
    attempts = list(union_all([_only_shown(unknown), _only_shown(others)]))
    return RefusedSignIns(
        _names(attempt for attempt in attempts if attempt.failed_check == UNKNOWN_PERSON),
        {
            attempt.connection_id: attempt.at
            for attempt in attempts
            if attempt.connection_id and attempt.failed_check == OTHER_PERSON
        },
    )


def _only_shown(attempts: QuerySet[SignInAttempt]) -> QuerySet[SignInAttempt]:
    return attempts.order_by().only("user", "at", "connection", "failed_check", "name_id", "sealed_message")


def _last_and_unknown() -> QuerySet[SignInAttempt]:
    """Attempts under an unknown name that are the last of whom they concern, and who was not renamed since."""
    named = SignInAttempt.objects.filter(user__isnull=False).exclude(name_key="")
    later = named.filter(user=OuterRef("user"), pk__gt=OuterRef("pk"))
    renamed = FormerName.objects.filter(object_id=OuterRef("user"), until__gt=OuterRef("at"))
    return named.filter(~Exists(later), ~Exists(renamed), accepted=False, failed_check=UNKNOWN_PERSON)


def _names(attempts: Iterable[SignInAttempt]) -> dict[UUID, str]:
    return {attempt.user_id: _name(attempt) for attempt in attempts if attempt.user_id}


def _name(attempt: SignInAttempt) -> str:
    values = personal_values(attempt)
    return values.name if values else attempt.name_id
