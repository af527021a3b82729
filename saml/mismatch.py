"""Whom the identity provider names otherwise than they are known here: the work e-mail is not the NameID it sends.

Read from the refused sign-in attempts, which are kept for a month. A refused NameID is a person's if it is their
userName (with Entra's usual mappings both are the userPrincipalName), or a name under which they were linked before.
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Lower

from gatekeeper.directory.models import SignIn, SignInIdentity, User
from gatekeeper.directory.sign_in import UNKNOWN_PERSON
from saml.models import SignInAttempt

_NEVER_BEFORE = datetime(1, 1, 2, tzinfo=UTC)


def differs_from_name_id() -> Q:
    """The condition, on users, that a NameID of theirs was refused since they last came in; no query by itself.

    The outer conditions name no row of the user's, so that a database works the refused names out once for all.
    """
    names = _refused().values("folded")
    former = SignInIdentity.objects.filter(name_id_folded__in=names).values("user")
    return (Q(user_name_folded__in=names) | Q(pk__in=former)) & Q(Exists(_of_the_user().order_by()))


def refused_name_ids(people: Collection[User]) -> dict[UUID, str]:
    """The NameID last refused for each of these people, by id, where it differs from their work e-mail. One query."""
    found = User.objects.filter(differs_from_name_id(), pk__in=[user.pk for user in people])
    last = Subquery(_of_the_user().order_by("-id").values("name_id")[:1])
    return dict(found.values_list("pk", last))


def _refused() -> QuerySet[Any]:
    """Attempts under a name that nobody has.

    Lower case is the folded form of what an address is made of in practice, ASCII; others are merely not recognised.
    """
    holder = User.objects.provisioned().filter(work_email_folded=OuterRef("folded"))
    refused = SignInAttempt.objects.filter(accepted=False, failed_check=UNKNOWN_PERSON).exclude(name_id="")
    return refused.annotate(folded=Lower("name_id")).filter(~Exists(holder))


def _of_the_user() -> QuerySet[Any]:
    """The refused attempts of the user of the outer query, since they last came in."""
    came_in = SignIn.objects.filter(user=OuterRef(OuterRef("pk"))).order_by("-since").values("since")[:1]
    formerly = SignInIdentity.objects.filter(user=OuterRef(OuterRef("pk"))).values("name_id_folded")
    return _refused().filter(
        Q(folded=OuterRef("user_name_folded")) | Q(folded__in=formerly),
        at__gt=Coalesce(Subquery(came_in), _NEVER_BEFORE),
    )
