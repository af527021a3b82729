"""The language that a person chooses for the pages."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.models import User
from gatekeeper.directory.people.language import AS_THE_BROWSER, choose_language, chosen_language
from gatekeeper.directory.people.retention import erase_due
from gatekeeper.directory.people.users import delete_user
from gatekeeper.errors import InvalidValue, UserNotFound
from tests.builders import ADMIN, ENTRA, make_user

pytestmark = pytest.mark.django_db


def entries() -> list[tuple[object, object]]:
    chosen = AuditEntry.objects.filter(event="user.language_chosen").order_by("id")
    return [(entry.before, entry.after) for entry in chosen]


def test_a_choice_is_kept_recorded_and_no_change_of_the_scim_user() -> None:
    ada = make_user()
    choose_language(ada.id, "de", actor=ADMIN)
    choose_language(ada.id, "de", actor=ADMIN)  # nothing changes: no second entry

    stored = User.objects.get(pk=ada.id)
    assert chosen_language(stored) == "de"
    assert (stored.version, stored.updated_at) == (ada.version, ada.updated_at)
    assert entries() == [({"language": ""}, {"language": "de"})]


def test_a_choice_can_be_taken_back() -> None:
    ada = make_user()
    choose_language(ada.id, "de", actor=ADMIN)
    choose_language(ada.id, AS_THE_BROWSER, actor=ADMIN)

    assert chosen_language(User.objects.get(pk=ada.id)) == AS_THE_BROWSER


@pytest.mark.parametrize("language", ["xx", "DE", "de; DROP TABLE", " "])
def test_what_is_no_language_of_the_site_is_refused_and_nothing_changes(language: str) -> None:
    ada = make_user()
    with pytest.raises(InvalidValue):
        choose_language(ada.id, language, actor=ADMIN)
    assert User.objects.get(pk=ada.id).language == ""
    assert entries() == []


def test_nobody_chooses_for_whom_there_is_not() -> None:
    with pytest.raises(UserNotFound):
        choose_language(uuid4(), "de", actor=ADMIN)


def test_a_language_that_this_version_does_not_know_is_as_the_browser() -> None:
    assert chosen_language(User(language="tlh")) == AS_THE_BROWSER


def test_the_choice_goes_with_the_other_personal_data() -> None:
    ada = make_user()
    choose_language(ada.id, "de", actor=ADMIN)
    delete_user(ada.id, actor=ENTRA)
    long_after: datetime = timezone.now() + timedelta(days=1100)
    erase_due(actor=ADMIN, now=long_after)
    assert User.objects.get(pk=ada.id).language == ""
