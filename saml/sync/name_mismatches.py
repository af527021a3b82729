"""People whose NameID at the identity provider differs from their work e-mail here.

Read from the sign-in attempts, which are kept for a month and name the user whom an unknown name probably means.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from gatekeeper.directory.identity_linking.sign_in import UNKNOWN_PERSON
from gatekeeper.directory.models import FormerName, User
from saml.debugger.attempts import personal_values
from saml.models import SignInAttempt


def differs_from_name_id() -> Q:
    """The condition, on users, that they last came under a name that nobody has; no query by itself."""
    return Q(Exists(_last_and_unknown().filter(user=OuterRef("pk"))))


def refused_name_ids(people: Collection[User]) -> dict[UUID, str]:
    """That name for each of these people who came under one; masked when it is older than a week. One query."""
    attempts = _last_and_unknown().filter(user__in=[user.pk for user in people])
    return {attempt.user_id: _name(attempt) for attempt in attempts if attempt.user_id}


def _last_and_unknown() -> QuerySet[SignInAttempt]:
    """Attempts under an unknown name that are the last of whom they concern, and who was not renamed since."""
    named = SignInAttempt.objects.filter(user__isnull=False).exclude(name_key="")
    later = named.filter(user=OuterRef("user"), pk__gt=OuterRef("pk"))
    renamed = FormerName.objects.filter(object_id=OuterRef("user"), until__gt=OuterRef("at"))
    return named.filter(~Exists(later), ~Exists(renamed), accepted=False, failed_check=UNKNOWN_PERSON)


def _name(attempt: SignInAttempt) -> str:
    values = personal_values(attempt)
    return values.name if values else attempt.name_id
