"""The newest link is kept in DATA_DIR once it is committed, and the database is compared with it."""

import json
import logging
import stat
from pathlib import Path

import pytest

from gatekeeper.audit.chain.head import Head, keep_head, kept_head, kept_heads, new_trail, store_head
from gatekeeper.audit.chain.links import head, link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.models import AuditEntry, AuditHead
from gatekeeper.audit.tasks import log_newest_link
from gatekeeper.celery import app
from gatekeeper.health.checks.audit_checks import check_audit_trail
from tests.audit.chain.attacker import without_triggers
from tests.audit.chain.test_links import write

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def put_back(count: int) -> None:
    """The last entries are gone, and the record of the newest link is the site's own of that time."""
    with without_triggers():
        AuditEntry.objects.filter(position__gt=AuditEntry.objects.count() - count).delete()
    store_head(AuditHead.objects.get().trail, head() or Head(0, ""))


def test_it_is_written_at_each_link_readable_by_its_owner_only(folder):
    write("a", "b")
    link_new_entries()

    (file,) = folder.iterdir()
    assert file.name.startswith("audit_head_")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["position"] == 2
    write("c")
    link_new_entries()
    assert kept_heads()[0].head == head()
    assert "link 3, which this machine keeps" in check_audit_trail().detail


def test_a_database_that_was_put_back_is_found_and_stays_found():
    write("a", "b", "c", "d")
    link_new_entries()
    put_back(2)

    assert any("Link 4 existed and is missing" in each for each in map(str, verify().problems))
    assert check_audit_trail().status == "failed"
    write("e")
    link_new_entries()
    assert AuditEntry.objects.get(object_label="e").position > 4
    assert any("Links 3 to 4 are missing" in each for each in map(str, verify().problems))
    assert any("went back from link 4 to link 2" in each for each in map(str, verify().problems))


def test_a_machine_whose_file_is_behind_compares_with_what_it_has(folder):
    write("a")
    link_new_entries()
    (file,) = folder.iterdir()
    behind = file.read_text()
    write("b")
    link_new_entries()
    file.write_text(behind)

    assert verify().problems == ()
    write("c")
    link_new_entries()
    assert verify().problems == ()
    assert kept_heads()[0].head.position == 3


def test_it_never_goes_back():
    trail = new_trail()
    keep_head(trail, Head(5, "5"))
    keep_head(trail, Head(4, "4"))

    kept = kept_head(trail)
    assert kept is not None
    assert kept.head == Head(5, "5")


def test_a_file_of_another_trail_is_asked_about():
    write("a")
    link_new_entries()
    keep_head(new_trail(), Head(9, "9"))

    assert verify().problems == ()
    check = check_audit_trail()
    assert (check.status, "not in the database" in check.detail) == ("warning", True)


@pytest.mark.parametrize(
    "content", ["", "no JSON", "[]", '{"trail": 1}', '{"trail": "x", "position": "y", "digest": 1}']
)
def test_a_file_that_says_nothing_is_written_anew(folder, content):
    write("a")
    link_new_entries()
    (file,) = folder.iterdir()
    file.write_text(content)
    write("b")
    link_new_entries()

    assert json.loads(file.read_text())["position"] == 2
    assert verify().problems == ()


def test_a_folder_that_cannot_be_written_to_stops_no_linking(settings, folder, caplog):
    settings.DATA_DIR = folder / "missing"
    write("a")

    assert link_new_entries() == 1
    assert "audit_head_not_kept" in caplog.text


def test_the_newest_link_is_written_to_the_log_each_hour(caplog):
    scheduled = next(each for each in app.conf.beat_schedule.values() if each["task"] == log_newest_link.name)
    assert len(scheduled["schedule"].hour) == 24
    write("a")
    link_new_entries()
    newest = head()
    assert newest is not None

    with caplog.at_level(logging.INFO):
        log_newest_link()
    assert "audit_head" in caplog.text
    assert newest.digest in caplog.text
