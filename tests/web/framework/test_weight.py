"""What a page weighs: HTML of at most 60 kB with a full list on it, and no indentation in what is sent."""

from datetime import timedelta

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import timezone

from gatekeeper.directory.identity_linking.sign_in import UNKNOWN_PERSON
from saml.models import SignInAttempt, SyncRun, SyncState
from tests.builders import log_request, make_provider, make_users

MOST_BYTES = 60_000
ROWS = 60  # more than a page has


@pytest.fixture
def full(db: None) -> None:
    """More of everything than one page shows."""
    make_provider()
    make_users(300)
    now = timezone.now()
    for number in range(ROWS):
        log_request("failed" if number % 3 else "changed")
    SignInAttempt.objects.bulk_create(
        SignInAttempt(at=now, accepted=bool(number % 2), failed_check="" if number % 2 else UNKNOWN_PERSON)
        for number in range(ROWS)
    )
    SyncRun.objects.bulk_create(
        SyncRun(
            started_at=now - timedelta(hours=number),
            finished_at=now,
            state=SyncState.FINISHED,
            actor_kind="clock",
            actor_name="saml",
        )
        for number in range(ROWS)
    )


@pytest.mark.parametrize(
    "path", ["/", "/users/", "/provisioning-log/", "/sync-history/", "/sign-in-attempts/", "/audit-trail/"]
)
def test_a_full_list_weighs_at_most_sixty_kilobytes(full: None, admin_client: Client, path: str) -> None:
    answer = admin_client.get(path)

    assert answer.status_code == 200
    assert len(answer.content) < MOST_BYTES


@pytest.mark.parametrize(
    ("inside", "sent"),
    [
        ("<ul>\n   <li>a  b</li>\n\n  <li>c</li>\n</ul>", "<ul>\n<li>a  b</li>\n<li>c</li>\n</ul>"),
        ("<b>a</b> <i>b</i>", "<b>a</b> <i>b</i>"),
        ("<pre>\n <b>a</b>\n   <b>b</b></pre>\n  <p>", "<pre>\n <b>a</b>\n   <b>b</b></pre>\n<p>"),
        ("<textarea>&lt;a&gt;\n  x</textarea>", "<textarea>&lt;a&gt;\n  x</textarea>"),
        ("a\n   <b>c</b>", "a\n   <b>c</b>"),
    ],
)
def test_indentation_between_tags_is_not_sent_and_texts_are_left_alone(inside: str, sent: str) -> None:
    template = Template("{% load gatekeeper %}{% without_indentation %}" + inside + "{% endwithout_indentation %}")

    assert template.render(Context()) == sent
