"""Whom the identity provider names otherwise than they are known here: the work e-mail is not the NameID it sends.

Read from the refused sign-in attempts, which are kept for a month. A refused NameID is a person's if it is their
userName (with Entra's usual mappings both are the userPrincipalName), or a name under which they were linked before.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from gatekeeper.directory.models import SignIn, SignInIdentity, User
from gatekeeper.directory.sign_in import UNKNOWN_PERSON
from saml.models import SignInAttempt

_IS_REFUSED = Q(accepted=False, failed_check=UNKNOWN_PERSON)
_NEVER_BEFORE = datetime(1, 1, 2, tzinfo=UTC)


def differs_from_name_id() -> Q:
    """The condition, on users, that a NameID of theirs was refused since they last came in; no query by itself.

    The conditions in front name no column of the user's within, so that a database works the refused names out once.
    """
    names = SignInAttempt.objects.filter(_IS_REFUSED).values("name_id_folded")
    former = SignInIdentity.objects.filter(name_id_folded__in=names).values("user")
    by_name = Q(user_name_folded__in=names) & Q(Exists(_refused("user_name_folded", "pk")))
    return by_name | (Q(pk__in=former) & Q(Exists(_links())))


def refused_name_ids(people: Collection[User]) -> dict[UUID, str]:
    """The NameID last refused for each of these people, by id, where it differs from their work e-mail. One query."""
    found = User.objects.filter(differs_from_name_id(), pk__in=[user.pk for user in people])
    by_name = Subquery(_refused("user_name_folded", "pk").order_by("-id").values("name_id")[:1])
    by_link = Subquery(_links().order_by("-since").values("name_id")[:1])
    return dict(found.values_list("pk", Coalesce(by_name, by_link)))


def _links() -> QuerySet[SignInIdentity]:
    """Links that the user of the outer query has or had, under a name that was refused."""
    links = SignInIdentity.objects.filter(user=OuterRef("pk"))
    return links.filter(Exists(_refused("name_id_folded", "user")))


def _refused(name: str, user: str) -> QuerySet[SignInAttempt]:
    """Attempts refused under a name that nobody has, since the user last came in; by columns of the outer query."""
    holder = User.objects.provisioned().filter(work_email_folded=OuterRef("name_id_folded"))
    came_in = SignIn.objects.filter(user=OuterRef(OuterRef(user))).order_by("-since").values("since")[:1]
    return SignInAttempt.objects.filter(
        _IS_REFUSED,
        ~Exists(holder),
        name_id_folded=OuterRef(name),
        at__gt=Coalesce(Subquery(came_in), _NEVER_BEFORE),
    )
