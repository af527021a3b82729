"""manage.py doctor: every check, and what to do about each finding."""

import json

import pytest
from django.core.management import call_command

pytestmark = pytest.mark.django_db


NAMES = {
    "database",
    "migrations",
    "broker",
    "worker",
    "beat",
    "queue",
    "data_dir",
    "long_statements",
    "public_url",
    "scim_key",
    "oauth_clients",
    "saml_certificates",
    "fallback_team",
    "work_email",
    "second_factor",
    "one_time_password",
    "secret_files",
    "database_writable",
    "clock",
    "statistics",
    "saml_sync",
    "events",
    "webhooks",
    "siem_streams",
    "mail",
    "audit_trail",
    "audit_verification",
    "audit_triggers",
    "audit_segments",
    "former_keys",
}


@pytest.fixture
def doctor(capsys):
    def run() -> tuple[int, dict]:
        status = 0
        try:
            call_command("doctor", "--json")
        except SystemExit as end:
            status = int(end.code or 0)
        return status, {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}

    return run


def test_doctor_asks_everything_and_says_what_to_do_about_each_finding(doctor):
    status, found = doctor()

    assert status == 1
    assert set(found) == NAMES
    for check in found.values():
        assert set(check) == {"name", "status", "detail", "fix"}
        assert bool(check["fix"]) == (check["status"] != "ok")


def test_doctor_for_people_is_one_screen(capsys):
    with pytest.raises(SystemExit):
        call_command("doctor")

    printed = capsys.readouterr().out
    assert "FAILED  worker: It has never been seen." in printed
    assert len(printed.splitlines()) <= 2 * len(NAMES)
