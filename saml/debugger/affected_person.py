"""The user to whom an unknown sign-in name probably belongs: a hint for administrators, never used to sign in."""

from uuid import UUID

from django.db.models import Q, QuerySet

from gatekeeper.directory.case_folding import fold
from gatekeeper.directory.models import SignInIdentity, User
from saml.validation.assertion import AssertedPerson

ACCOUNT, LOCAL_PART = "account", "local_part"


def find_affected_person(provider_id: UUID, person: AssertedPerson) -> tuple[UUID | None, str]:
    """The user whom a refused name is probably about, and how they were found; (None, "") when nobody fits.

    By the account id (remembered at an earlier sign-in, or SCIM's externalId), else by being the only active one
    whose userName or work e-mail has the same part before the @.
    """
    found = _by_account(provider_id, person)
    if found:
        return found, ACCOUNT
    found = _by_local_part(person.sign_in_name)
    return (found, LOCAL_PART) if found else (None, "")


def _by_account(provider_id: UUID, person: AssertedPerson) -> UUID | None:
    links = SignInIdentity.objects.live().filter(provider=provider_id)
    if person.object_id:
        linked = links.filter(object_id=person.object_id).values_list("user_id", flat=True)
        known = User.objects.provisioned().filter(external_id=person.object_id).values_list("pk", flat=True)
        return linked.first() or _only(known)
    if person.persistent_id:
        return links.filter(persistent_id=person.persistent_id).values_list("user_id", flat=True).first()
    return None


def _by_local_part(name: str) -> UUID | None:
    local, at, _ = fold(name).partition("@")
    if not at or not local:
        return None
    same = Q(work_email_folded__startswith=f"{local}@") | Q(user_name_folded__startswith=f"{local}@")
    return _only(User.objects.provisioned().filter(same, active=True).values_list("pk", flat=True))


def _only(found: "QuerySet[User, UUID]") -> UUID | None:
    two = list(found[:2])
    return two[0] if len(two) == 1 else None
