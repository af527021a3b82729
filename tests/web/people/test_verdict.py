"""A person's page begins with whether they can sign in, why not, and the next step of who looks at it."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gatekeeper.directory.access.readiness_texts import ReadinessCode
from gatekeeper.directory.access.resolver import Blocked
from gatekeeper.directory.access.states import State
from gatekeeper.directory.identity_linking.sign_in import UNKNOWN_PERSON
from gatekeeper.directory.models import IdpGroup, ProviderDomain, User
from gatekeeper.directory.people.users import delete_user, edit_user
from gatekeeper.web.people.verdict import MOST_NAMED
from saml.models import SignInAttempt
from tests.builders import ENTRA, link, make_group, make_provider, make_user, map_group, remove_members
from tests.web.pages import queries_of, text_of

READS_PEOPLE = ("global_administrator", "users")
READS_LOGS = ("global_administrator", "users", "history")


def page_of(browser: Client, user: User, **query: str) -> str:
    return " ".join(text_of(browser.get(reverse("web:person", args=(user.pk,)), query)).split())


def verdict_in(page: str) -> str:
    """The banner as it reads, its links and buttons with their addresses."""
    found = re.search(r'<div class="notice verdict.*?</p>(.*?)</div>\s*</div>', page)
    assert found, "no verdict"
    said = re.sub(r"<(?!a |/a|form |button)[^>]+>", "", found[0])
    return " ".join(re.sub(r'<form method="post" action="([^"]+)">', r"POST \1 ", said).split())


def make_member(level: str = "collaborator", **fields: object) -> User:
    user = make_user("ada@example.com", display_name="Ada", **fields)
    map_group(make_group("GK Finance", [user]), level)
    return user


def test_the_page_begins_with_the_verdict(admin_client: Client) -> None:
    make_provider()
    user = make_member()
    link()

    page = page_of(admin_client, user)

    assert "Can sign in." in verdict_in(page)
    assert "button" not in verdict_in(page)
    assert page.index("notice verdict") < page.index('id="as-of"')


def test_who_awaits_the_sync_is_linked_by_a_button(admin_client: Client) -> None:
    make_provider()

    said = verdict_in(page_of(admin_client, make_member()))

    assert re.search(r"Can't sign in: awaiting the sync \d\d:45", said)
    assert "POST /sync-history/run/" in said
    assert "Run the sync now" in said


@pytest.mark.parametrize(
    ("permissions", "step"), [(READS_LOGS, 'href="/sync-history/"'), (READS_PEOPLE, "")], ids=["logs", "people"]
)
def test_the_step_fits_what_the_viewer_may_do(
    person_with: Callable[..., Client], permissions: tuple[str, ...], step: str
) -> None:
    browser = person_with(*permissions)

    said = verdict_in(page_of(browser, make_member()))

    assert "Can't sign in: awaiting the sync" in said
    assert "POST" not in said
    assert step in said
    assert step or "<a " not in said


def test_without_a_connection_the_step_is_to_set_up_saml(admin_client: Client) -> None:
    said = verdict_in(page_of(admin_client, make_member()))

    assert "Can't sign in: no SAML connection." in said
    assert 'href="/settings/configuration/authentication/"' in said
    assert "Set up SAML" in said


def test_the_one_group_that_gives_no_level_is_mapped(admin_client: Client) -> None:
    make_provider()

    said = verdict_in(page_of(admin_client, make_member("none")))

    assert "Gets no level from GK Finance." in said
    assert f'href="{reverse("web:group_mapping", args=[IdpGroup.objects.get().id])}"' in said
    assert "Map the group" in said


def test_of_several_groups_and_of_none_the_step_is_to_see_them(admin_client: Client) -> None:
    make_provider()
    removed, user = make_user(), make_member("none")
    map_group(make_group("GK Legal", [user]), "none")
    remove_members(make_group("GK Sales", [removed]), removed)

    for each in (removed, user):
        said = verdict_in(page_of(admin_client, each))
        assert "Can't sign in: no group gives access." in said
        assert 'href="/settings/configuration/scim/#groups"' in said
        assert "See the groups" in said


@pytest.mark.parametrize(
    ("change", "words"),
    [({"active": False}, "Can't sign in: deactivated."), ({"work_email": None}, "Can't sign in: no work e-mail.")],
)
def test_what_the_identity_provider_decided_leads_to_its_requests(
    admin_client: Client, change: dict[str, object], words: str
) -> None:
    make_provider()
    user = make_member()
    edit_user(user.id, lambda record: replace(record, **change), actor=ENTRA)  # type: ignore[arg-type]

    said = verdict_in(page_of(admin_client, user))

    assert words in said
    assert f'href="/provisioning-log/?user={user.pk}"' in said


def test_a_deleted_person_has_a_verdict_too(admin_client: Client) -> None:
    user = make_user()
    delete_user(user.id, actor=ENTRA)

    said = verdict_in(page_of(admin_client, user))

    assert "Can't sign in: deleted." in said
    assert "See what was provisioned" in said


def test_a_conflict_names_everybody_in_it_with_links(admin_client: Client) -> None:
    make_provider()
    user = make_member(work_email="one@example.com")
    other = make_user("bo@example.com", display_name="<Bo>", work_email="ONE@example.com")
    make_user("cy@example.com", active=False, work_email="one@example.com")

    source = admin_client.get(reverse("web:person", args=(user.pk,))).content.decode()
    said = verdict_in(" ".join(source.split()))

    assert "&lt;Bo&gt;" in said
    links = f'<a href="/users/{user.pk}/">Ada</a> and <a href="/users/{other.pk}/">&lt;Bo&gt;</a> have the same'
    assert links in said
    assert re.search(rf'<a class="button[^>]+href="/users/{other.pk}/"[^>]*>Open &lt;Bo&gt;</a>', said)
    assert "cy@example.com" not in said


def test_of_a_conflict_of_many_the_first_are_named(admin_client: Client) -> None:
    make_provider()
    user = make_member(work_email="one@example.com")
    for number in range(MOST_NAMED + 2):
        make_user(f"n{number}@example.com", work_email="one@example.com")

    said = verdict_in(page_of(admin_client, user))

    assert "n2@example.com</a> and others have the same work e-mail" in said
    assert "n3@example.com" not in said


def test_who_is_in_conflict_costs_no_further_query(admin_client: Client) -> None:
    make_provider()
    user = make_member(work_email="one@example.com")
    address = reverse("web:person", args=(user.pk,))
    before = queries_of(admin_client, address)
    make_user("bo@example.com", work_email="one@example.com")

    assert queries_of(admin_client, address) == before


def test_a_moment_of_the_past_has_no_step(admin_client: Client) -> None:
    with time_machine.travel("2026-03-03T09:00:00Z", tick=False):
        make_provider()
        user = make_member()

    page = page_of(admin_client, user, at="2026-03-03T09:00:00Z")

    then = page.partition('aria-labelledby="then-heading"')[2].partition("</aside>")[0]
    assert "This is how it was on" in then
    assert "Awaiting the sync." in then
    assert "<form" not in then
    assert "Run the sync now" not in then
    assert "Run the sync now" in verdict_in(page)  # of now


def test_each_side_of_a_moment_names_the_sync_that_was_awaited_then(admin_client: Client) -> None:
    with time_machine.travel("2026-03-03T09:00:00Z", tick=False):
        make_provider()
        user = make_member()
    with time_machine.travel("2026-03-03T09:45:00Z", tick=False):
        link()

    page = page_of(admin_client, user, at="2026-03-03T09:00:00Z")

    assert "%(due)s" not in page
    assert '<time datetime="2026-03-03T09:45:00Z" data-moment="clock"' in page
    assert "Can sign in" in page


def test_each_state_has_a_verdict() -> None:
    assert all(state.verdict.startswith("can't sign in: ") for state in State if state is not State.CAN_SIGN_IN)


def person_awaiting() -> User:
    make_provider()
    return make_member()


def person_in_conflict() -> User:
    make_provider()
    make_user("bo@example.com", display_name="Bo", work_email="one@example.com")
    return make_member(work_email="one@example.com")


def person_without_level() -> User:
    make_provider()
    return make_member("none")


def person_removed() -> User:
    make_provider()
    user = make_member()
    remove_members(IdpGroup.objects.get(display_name="GK Finance"), user)
    return user


def person_without_email() -> User:
    make_provider()
    return make_member(work_email=None)


def person_under_another_name() -> User:
    make_provider()
    user = make_member()
    link()
    SignInAttempt.objects.create(
        accepted=False, failed_check=UNKNOWN_PERSON, user=user, name_key="x", name_id="ada.l@example.com"
    )
    return user


def person_of_another_domain() -> User:
    provider, user = make_provider(), make_member()
    ProviderDomain.objects.create(
        provider=provider, domain="other.example", ascii="other.example", since=timezone.now()
    )
    return user


def person_deactivated() -> User:
    make_provider()
    user = make_member()
    edit_user(user.id, lambda record: replace(record, active=False), actor=ENTRA)
    return user


def person_deleted() -> User:
    user = make_user()
    delete_user(user.id, actor=ENTRA)
    return user


CONFIGURES = "a Global Administrator with the Configuration permission"
READS_HISTORY = "somebody with the History permission"
READS_USERS = "a Global Administrator with the Users permission"
# State, code of the reason, how somebody gets there, the button, whom it is for.
REASONS = [
    (State.AWAITING_SAML_SYNC, ReadinessCode.AWAITING_SYNC, person_awaiting, "Run the sync now", CONFIGURES),
    (State.IDENTITY_CONFLICT, ReadinessCode.CONFLICT, person_in_conflict, "Open Bo", READS_USERS),
    (State.NO_GROUP_ACCESS, ReadinessCode.NO_LEVEL, person_without_level, "Map the group", CONFIGURES),
    (State.NO_GROUP_ACCESS, ReadinessCode.REMOVED_BY, person_removed, "See the groups", CONFIGURES),
    (State.NO_WORK_EMAIL, ReadinessCode.NO_WORK_EMAIL, person_without_email, "See what was provisioned", READS_HISTORY),
    (
        State.NAME_ID_DIFFERS,
        ReadinessCode.NAME_ID_DIFFERS,
        person_under_another_name,
        "See the sign-ins",
        READS_HISTORY,
    ),
    (State.NO_SAML_CONNECTION, ReadinessCode.NO_CONNECTION, make_member, "Set up SAML", CONFIGURES),
    (
        State.NO_SAML_CONNECTION,
        ReadinessCode.NO_CONNECTION_FOR_DOMAIN,
        person_of_another_domain,
        "See the connections",
        CONFIGURES,
    ),
    (State.DEACTIVATED, ReadinessCode.DEACTIVATED, person_deactivated, "See what was provisioned", READS_HISTORY),
    (
        State.DEACTIVATED,
        ReadinessCode.PROVISIONED_INACTIVE,
        lambda: make_member(active=False),
        "See what was provisioned",
        READS_HISTORY,
    ),
    (State.DELETED, ReadinessCode.DELETED, person_deleted, "See what was provisioned", READS_HISTORY),
]
# These two come with the same step as one above: nobody is left who removed, or nobody ever was in a group and the
# Default Mapping gives nothing.
SAME_STEP = {ReadinessCode.REMOVED, ReadinessCode.IN_NO_GROUP}
BY_REASON = pytest.mark.parametrize(
    ("state", "code", "make", "button", "who"), REASONS, ids=[code.value for _, code, *_ in REASONS]
)


def test_the_table_has_every_reason() -> None:
    assert {state for state, *_ in REASONS} == set(State) - {State.CAN_SIGN_IN}
    assert {State(blocked.value) for blocked in Blocked} <= {state for state, *_ in REASONS}
    assert {code for _, code, *_ in REASONS} == set(ReadinessCode) - {ReadinessCode.CAN_SIGN_IN} - SAME_STEP


@BY_REASON
def test_each_reason_has_its_verdict_and_a_button_that_works(
    admin_client: Client, state: State, code: ReadinessCode, make: Callable[[], User], button: str, who: str
) -> None:
    user = make()
    answer = admin_client.get(reverse("web:person", args=(user.pk,)))
    readiness = answer.context["readiness"]
    said = verdict_in(" ".join(text_of(answer).split()))

    assert (readiness.state, readiness.code) == (state, code)
    assert state.verdict.partition(":")[2].partition("%")[0].strip() in said
    assert readiness.next_step in said
    assert f">{button}" in said
    assert who not in said
    step = answer.context["next_step"]
    pressed = admin_client.post(step.address, follow=True) if step.posts else admin_client.get(step.address)
    assert pressed.status_code == 200


# Without a connection for them nobody of the identity provider is signed in who could read this.
READ_BY_OTHERS = [row for row in REASONS if row[0] is not State.NO_SAML_CONNECTION]


@pytest.mark.parametrize(
    ("code", "make", "button", "who"), [row[1:] for row in READ_BY_OTHERS], ids=[row[1].value for row in READ_BY_OTHERS]
)
def test_whoever_may_not_press_it_reads_who_can(
    person_with: Callable[..., Client],
    code: ReadinessCode,
    make: Callable[[], User],
    button: str,
    who: str,
) -> None:
    browser = person_with(*READS_PEOPLE)
    user = make()
    answer = browser.get(reverse("web:person", args=(user.pk,)))
    said = verdict_in(" ".join(text_of(answer).split()))

    assert answer.context["readiness"].code is code
    if who == READS_USERS:
        assert f">{button}" in said
    else:
        assert f"“{button}” is for {who}." in said
        assert "<a " not in said
        assert "POST" not in said
