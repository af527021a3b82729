"""The filled company is one that the services could have written."""

from collections import Counter
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone

from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.models import AuditEntry, ProvisioningEntry
from gatekeeper.directory.access.loaders import access_of_many
from gatekeeper.directory.identity_linking.linking import link_users
from gatekeeper.directory.models import ActivePeriod, IdpGroup, Membership, Origin, SignInIdentity, User
from saml.models import SyncRun
from scim.models import AttributeValue
from tests.builders import ADMIN
from tests.scale.company import id_of
from tests.scale.fill import fill
from tests.scale.first_rows import Scim, profile

PEOPLE = 400
OWN = {"id", "user_id", "created_at", "updated_at", "since", "password"}


@pytest.fixture
def company(db: None) -> None:
    fill(PEOPLE)


def columns(row: Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.attname not in OWN
    }


def values(user: User) -> list[dict[str, Any]]:
    return [columns(row) for row in AttributeValue.objects.filter(user=user).order_by("path", "element")]


def test_there_is_as_much_as_it_says(company: None) -> None:
    provisioned = User.objects.filter(origin=Origin.SCIM)
    assert provisioned.count() == PEOPLE + PEOPLE // 20 + 2
    assert Membership.objects.live().filter(group__display_name="GK Everybody").count() == PEOPLE
    assert Membership.objects.live().filter(group=id_of("group", 2)).count() == 200
    assert IdpGroup.objects.on_the_page().count() == PEOPLE // 50 + 1
    assert ProvisioningEntry.objects.count() > PEOPLE * 20
    assert AuditEntry.objects.count() > PEOPLE * 10
    assert SyncRun.objects.latest("started_at").conflicts


def test_somebody_is_in_each_state(company: None) -> None:
    users = User.objects.filter(origin=Origin.SCIM)
    found = Counter(access.blocked_because for access in access_of_many(users).values())
    assert set(found) == {
        None, "awaiting_saml_sync", "deactivated", "no_group_access", "identity_conflict", "deleted"
    }  # fmt: skip
    assert found[None] > PEOPLE * 0.9


def test_a_person_is_what_the_endpoint_would_have_written(company: None) -> None:
    copied = User.objects.get(pk=id_of("person", 42))
    profile_of_42 = profile("person42", "mail42", "Given42", "Family42")
    User.objects.filter(pk=copied.pk).update(user_name_folded="moved away")
    written = Scim().user(profile_of_42)

    assert {**columns(copied), "version": 1} == {**columns(written), "version": 1}
    assert values(copied) == values(written)
    period = ActivePeriod.objects.get(user=copied)
    assert columns(period) == columns(ActivePeriod.objects.get(user=written))


def test_the_sync_finds_nothing_but_who_waits_for_it(company: None) -> None:
    waiting = PEOPLE // 100
    assert SignInIdentity.objects.live().count() > PEOPLE * 0.9

    report = link_users(actor=ADMIN, now=timezone.now())

    assert (report.linked, report.unlinked) == (waiting, 0)


def test_the_audit_trail_is_intact(company: None) -> None:
    report = verify()
    assert report.intact, report
