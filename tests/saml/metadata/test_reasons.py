"""Refused metadata is stored as a code with parameters; its text is made when it is shown."""

import json
import re
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import timezone
from django.utils.translation import override

from gatekeeper.outbound import problems
from gatekeeper.outbound.problems import FetchProblem, FetchRefused, fetch_problem_text
from saml.connections.lifecycle import refresh_connection
from saml.connections.refresh_results import result_text
from saml.errors import MetadataRefused
from saml.metadata import changes, fetch
from saml.models import Connection, SyncRun
from saml.refusals import metadata_texts
from saml.refusals.metadata_reasons import MetadataReason
from saml.refusals.metadata_texts import Finding, text_of
from saml.refusals.reasons import Reason
from saml.sync.run import describe_run, sync_saml_users
from tests.builders import ADMIN

migration = import_module("saml.migrations.0023_code_former_metadata_refusals")
ROOT = Path(settings.BASE_DIR)
FORMER = "the address answered 503."


def sources():
    """The text of everything that may refuse metadata."""
    files = [*(ROOT / "saml").rglob("*.py"), *(ROOT / "gatekeeper" / "web").rglob("*.py")]
    skipped = {"metadata_reasons.py", "metadata_texts.py"}
    return "\n".join(each.read_text() for each in files if each.name not in skipped)


def test_every_code_has_a_text_and_is_used_somewhere():
    assert set(metadata_texts.TEXTS) == set(MetadataReason) - {MetadataReason.TEXT}
    used = set(re.findall(r"MetadataReason\.([A-Z][A-Z0-9_]+)", sources()))
    assert used == {each.name for each in MetadataReason} - {"TEXT"}


def test_every_raise_site_gives_a_code():
    given = re.findall(r"MetadataRefused\(\s*([^\s,)]+)", re.sub(r"class .*", "", sources()))
    assert len(given) > 40
    for each in given:
        assert each.startswith("MetadataReason.") or each == "reason", each


def test_every_problem_of_a_fetch_has_a_text_and_is_used_somewhere():
    assert set(problems.TEXTS) == set(FetchProblem)
    files = [
        (ROOT / "gatekeeper" / "outbound" / name).read_text()
        for name in ("fetching.py", "posting.py", "exchange.py", "name_resolution.py")
    ]
    assert set(re.findall(r"FetchProblem\.([A-Z_]+)", "".join(files))) == {each.name for each in FetchProblem}


@pytest.mark.parametrize("code", ["not_fetched", "of_a_later_version", "certificate_left_out"])
def test_what_another_version_wrote_is_shown_as_its_code(code):
    assert text_of(code, None) == code
    assert fetch_problem_text("status", {}) == "status"


def test_a_reason_within_a_reason_is_rendered_when_it_is_shown():
    inner = Finding(MetadataReason.RSA_KEY_TOO_SHORT, {"bits": 1024, "least": 2048})
    left_out = Finding(
        MetadataReason.CERTIFICATE_LEFT_OUT, {"subject": "", "sha256": "ab12cd34", "because": inner.stored()}
    )
    refusal = MetadataRefused(MetadataReason.NO_USABLE_CERTIFICATE, because=[left_out.stored(), left_out.stored()])

    sentence = (
        "The certificate no subject (SHA-256 ab12cd34…) was left out: it has an RSA key of only 1024 bits; "
        "at least 2048 are needed."
    )
    assert refusal.reason == (
        f"it has no signing certificate that can be used, so nobody could be signed in with it. {sentence} {sentence}"
    )
    assert str(refusal) == f"metadata: {refusal.reason}"
    assert text_of(**json.loads(json.dumps(refusal.finding.stored()))) == refusal.reason


def test_the_moment_and_the_problem_of_xml_are_values():
    moment = Finding(MetadataReason.NO_LONGER_VALID, {"moment": "2020-01-01T00:00:00+00:00"})
    assert str(moment).startswith("it was valid until 01 January 2020 00:00 UTC only")
    with override("de"):
        assert "1. Januar 2020, 00:00 UTC" in str(moment)
    doctype = Finding(MetadataReason.UNREADABLE_XML, {"problem": Reason.XML_DOCTYPE.value})
    assert str(doctype) == "it has a document type declaration (DOCTYPE), which is not accepted."


@pytest.fixture
def fetched(connection, monkeypatch):
    """A connection with an address that answers 503."""

    def refuse(*_):
        raise FetchRefused(FetchProblem.STATUS, status=503)

    monkeypatch.setattr(fetch, "fetch_document", refuse)
    Connection.objects.update(idp_metadata_url="https://idp.example.com/metadata")
    return connection


def test_a_connection_and_a_run_keep_the_code(fetched, admin_client):
    with pytest.raises(MetadataRefused, match="answered 503"):
        refresh_connection(fetched.id, actor=ADMIN)
    fetched.refresh_from_db()
    assert (fetched.refresh_result, fetched.refresh_parameters) == ("not_fetched", {"problem": "status", "status": 503})
    assert fetched.refresh_text == FORMER
    assert f"The last refresh failed: {FORMER}" in admin_client.get("/settings/configuration/authentication/").text

    run = sync_saml_users(actor=ADMIN)
    stored = {"code": "not_fetched", "parameters": {"problem": "status", "status": 503}}
    assert run.metadata == [{"connection": "Entra", "code": "kept", "parameters": {"reason": stored}}]
    assert describe_run(run)["metadata"][0]["result"] == f"kept the last good document: {FORMER}"


def test_a_good_refresh_forgets_the_parameters(connection):
    Connection.objects.update(refresh_result="not_fetched", refresh_parameters={"problem": "too_slow"})
    refreshed, _ = refresh_connection(connection.id, actor=ADMIN, document=bytes(connection.document))
    refreshed.refresh_from_db()
    assert (refreshed.refresh_result, refreshed.refresh_parameters) == ("good", {})


def test_former_sentences_are_kept_and_codes_are_left_alone(connection):
    coded = {"code": "not_fetched", "parameters": {"problem": "too_slow"}}
    entries = [
        {"connection": "A", "code": "kept", "parameters": {"reason": FORMER}},
        {"connection": "B", "code": "changed", "parameters": {"left_out": ["A.", "B."]}},
        {"connection": "C", "code": "kept", "parameters": {"reason": coded}},
        {"connection": "D", "code": "unchanged", "parameters": {}},
    ]
    texts = [result_text(each) for each in entries]
    run = SyncRun.objects.create(started_at=timezone.now(), metadata=entries, actor_kind="clock", actor_name="x")
    Connection.objects.update(refresh_failed=True, refresh_result=FORMER)
    connection.refresh_from_db()
    assert connection.refresh_text == FORMER  # as a process of the former version writes it during an update

    for _ in range(2):  # again changes nothing
        migration.code_refusals(apps, None)

    connection.refresh_from_db()
    assert (connection.refresh_result, connection.refresh_parameters) == ("text", {"text": FORMER})
    assert connection.refresh_text == FORMER
    run.refresh_from_db()
    assert [result_text(each) for each in run.metadata] == texts
    assert run.metadata[0]["parameters"]["reason"] == {"code": "text", "parameters": {"text": FORMER}}
    assert [each["code"] for each in run.metadata[1]["parameters"]["not_used"]] == ["text", "text"]
    assert run.metadata[2:] == entries[2:]


@pytest.mark.parametrize("word", ["good", "", "not_fetched"])
def test_a_word_is_no_former_sentence(connection, word):
    Connection.objects.update(refresh_result=word)
    migration.code_refusals(apps, None)
    connection.refresh_from_db()
    assert (connection.refresh_result, connection.refresh_parameters) == (word, {})


def test_the_fingerprint_of_a_change_is_the_same_in_every_language(connection, monkeypatch):
    refusal = MetadataRefused(MetadataReason.NO_LONGER_VALID, moment="2020-01-01T00:00:00+00:00")

    def refuse(*_, **__):
        raise refusal

    monkeypatch.setattr(changes, "require_acceptable", refuse)
    change = changes.compare_metadata(connection.id, bytes(connection.document))
    with override("de"):
        assert "Januar 2020" in str(change.refused)
        in_german = changes.compare_metadata(connection.id, bytes(connection.document)).fingerprint
    assert change.fingerprint == in_german
    assert change.as_document(timezone.now())["refused"] == refusal.reason
