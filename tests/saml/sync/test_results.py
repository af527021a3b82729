"""What a sync run keeps of each connection is a code with parameters; the command's text is made of it."""

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from saml.connections.refresh_results import RefreshCode, RefreshResult, result_text
from saml.models import SyncRun
from saml.sync.errors import sync_error_text
from saml.sync.run import describe_run, sync_saml_users
from tests.builders import ADMIN
from tests.web.pages import text_of

migration = import_module("saml.migrations.0017_code_former_sync_results")
former_errors = import_module("saml.migrations.0021_code_former_sync_errors")
TEXTS = [
    (RefreshCode.UNCHANGED, {}, "unchanged"),
    (RefreshCode.CHANGED, {}, "changed"),
    (RefreshCode.DELETED, {}, "deleted meanwhile"),
    (RefreshCode.NOT_READ, {}, "not read this time: others took too long; it comes first in the next run"),
    (RefreshCode.CERTIFICATES_CHANGED, {"added": 1, "withdrawn": 0}, "1 certificate added, 0 withdrawn"),
    (RefreshCode.CERTIFICATES_CHANGED, {"added": 2, "withdrawn": 1}, "2 certificates added, 1 withdrawn"),
    (RefreshCode.KEPT, {"reason": "it is 100 % empty."}, "kept the last good document: it is 100 % empty."),
    (
        RefreshCode.INTERNAL_ERROR,
        {"reference": "ab12"},
        "failed: internal error; the log says what, under ab12",
    ),
    (
        RefreshCode.CHANGED,
        {"left_out": ["A.", "B."], "wants_signed_requests": True},
        "changed; left out: A. B.; the identity provider wants signed requests, and the setting for them is off",
    ),
    (RefreshCode.TEXT, {"text": "as it was"}, "as it was"),
]


@pytest.mark.parametrize(("code", "parameters", "text"), TEXTS)
def test_a_result_has_the_text_that_the_command_always_printed(code, parameters, text):
    assert str(RefreshResult(code, parameters)) == text


@pytest.mark.django_db
def test_a_run_keeps_codes_and_the_command_prints_text(connection, admin_client):
    run = sync_saml_users(actor=ADMIN)

    assert run.metadata == [{"connection": "Entra", "code": "unchanged", "parameters": {}}]
    assert describe_run(run)["metadata"] == [{"connection": "Entra", "result": "unchanged"}]
    assert "unchanged" in text_of(admin_client.get(f"/sync-history/{run.pk}/"))


@pytest.mark.django_db
def test_former_runs_say_what_they_said(connection):
    former = [{"connection": "Entra", "result": "kept the last good document: the address answered 503."}]
    run = SyncRun.objects.create(started_at=timezone.now(), metadata=former, actor_kind="clock", actor_name="x")
    assert result_text(run.metadata[0]) == former[0]["result"]

    for _ in range(2):
        migration.code_results(apps, None)

    run.refresh_from_db()
    assert run.metadata[0]["code"] == RefreshCode.TEXT
    assert describe_run(run)["metadata"] == former


@pytest.mark.django_db
def test_a_former_error_is_kept_as_it_was_and_a_code_is_left_alone():
    former, coded, unknown = (
        SyncRun.objects.create(started_at=timezone.now(), state="failed", error=error, error_parameters=parameters)
        for error, parameters in (
            ("OSError: the disk is full", None),
            ("internal_error", {"kind": "OSError", "detail": "full"}),
            ("of_a_later_version", None),
        )
    )

    for _ in range(2):  # again changes nothing
        former_errors.code_errors(apps, None)

    texts = []
    for run in (former, coded, unknown):
        run.refresh_from_db()
        texts.append(sync_error_text(run))
    assert texts == ["OSError: the disk is full", "internal error (OSError): full", "of_a_later_version"]
