"""A changed SECRET_KEY: what a former one sealed and signed still holds, moves, and then needs it no more."""

import json
import stat
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models
from django.test import Client

from gatekeeper.audit.chain.links import link_new_entries
from gatekeeper.audit.chain.verification import verify
from gatekeeper.audit.models import AuditEntry, FormerKey
from gatekeeper.directory.local_accounts.second_factors import take_code
from gatekeeper.directory.models import SecondFactor
from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.secret_checks import check_former_keys
from gatekeeper.maintenance.resealing import AUDIT, NAMES, SESSIONS, dependents, reseal, sealed_columns
from gatekeeper.runtime import environment
from gatekeeper.secrets.sealing import is_sealed_under_present_key, seal, unseal
from saml.debugger.name_digests import name_key, name_keys
from saml.models import SIGN_IN_MESSAGE_PURPOSE, SignInAttempt
from tests.audit.chain.test_links import write
from tests.builders import ADMIN, PASSWORD, code_of, give_second_factor, make_administrator

pytestmark = pytest.mark.django_db

ROOT = "root@example.com"
NEW = "the new secret key of this site and long enough"
THIRD = "the one after that which is long enough as well"


@pytest.fixture
def change_key(settings: Any) -> Callable[..., None]:
    """``change_key()`` makes the present key a former one; ``change_key(forget=True)`` then lets the former go."""

    def change(to: str = NEW, *, forget: bool = False) -> None:
        if forget:
            settings.SECRET_KEY_FALLBACKS = []
        else:
            settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = to, [settings.SECRET_KEY]

    return change


def move() -> Any:
    return reseal(lambda what, count: None)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    status = 0
    try:
        call_command("reseal", *arguments, "--json")
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, json.loads(capsys.readouterr().out)


# ── What is sealed ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_every_column_of_sealed_bytes_is_one_that_reseal_finds() -> None:
    named = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if "sealed" in field.name and isinstance(field, models.BinaryField)
    }
    found = {f"{model.__name__}.{field.name}" for model, field in sealed_columns()}

    assert found == named
    assert found >= {"SecondFactor.sealed_secret", "KeyPair.sealed_key", "SignInAttempt.sealed_message"}
    assert all(field.purpose for _, field in sealed_columns())


def test_a_seal_of_a_former_key_opens_until_that_is_forgotten(change_key: Callable[..., None]) -> None:
    sealed = seal(b"x", purpose="test")
    change_key()

    assert unseal(sealed, purpose="test") == b"x"
    assert not is_sealed_under_present_key(sealed, purpose="test")
    assert is_sealed_under_present_key(seal(b"x", purpose="test"), purpose="test")


@pytest.fixture
def everything() -> Client:
    """One of each that depends on SECRET_KEY, and a browser that is signed in."""
    make_administrator(ROOT)
    client = Client()
    assert client.post("/sign-in/", {"email": ROOT, "password": PASSWORD}).status_code == 302
    give_second_factor(make_administrator("second@example.com"))
    name = "Ada@Example.com"
    SignInAttempt.objects.create(accepted=True, name_key=name_key(name), sealed_message=_message(name))
    write("before")
    link_new_entries()
    return client


def _message(name: str) -> bytes:
    return seal(zlib.compress(json.dumps({"name": name, "message": ""}).encode()), purpose=SIGN_IN_MESSAGE_PURPOSE)


def is_signed_in(client: Client) -> bool:
    return client.get("/profile/").status_code == 200


def test_everything_holds_under_a_former_key_and_after_it_was_moved_without_it(everything, change_key) -> None:
    change_key()
    cookie = everything.cookies["gatekeeper_session"].value
    assert is_signed_in(everything)
    assert everything.cookies["gatekeeper_session"].value == cookie  # requests beside this one keep theirs
    assert verify().intact

    moved = move()

    assert moved.remaining == {}
    assert moved.unreadable == {}
    assert {"second factors", "sign-in attempts", NAMES, SESSIONS, AUDIT} <= moved.resealed.keys()
    change_key(forget=True)
    assert is_signed_in(everything)
    assert SignInAttempt.objects.get().name_key in name_keys("ada@example.com")
    factor = SecondFactor.objects.get()
    assert is_sealed_under_present_key(bytes(factor.sealed_secret), purpose="second factor")
    write("after")
    link_new_entries()
    assert verify().problems == ()


def test_moving_again_moves_nothing(everything, change_key) -> None:
    change_key()
    move()

    again = move()

    assert (again.resealed, again.remaining) == ({}, {})
    assert AuditEntry.objects.filter(mac_key=FormerKey.objects.get().key_id).count() > 0


def test_a_run_that_was_stopped_goes_on(everything, change_key, monkeypatch) -> None:
    monkeypatch.setattr("gatekeeper.maintenance.resealing.BATCH", 1)
    change_key()

    def stop(what: str, count: int) -> None:
        if what == SESSIONS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reseal(stop)
    assert dependents()
    assert move().remaining == {}


def test_two_changes_one_after_the_other(everything, change_key) -> None:
    change_key()
    move()
    change_key(forget=True)
    write("between")
    link_new_entries()
    change_key(THIRD)
    assert verify().problems == ()
    assert move().remaining == {}
    change_key(forget=True)

    assert FormerKey.objects.count() == 2
    assert verify().problems == ()
    assert is_signed_in(everything)


# ── The audit trail ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_stolen_former_key_makes_nothing_that_counts_after_the_change(everything, change_key, settings) -> None:
    former = settings.SECRET_KEY
    change_key()
    move()
    change_key(forget=True)
    link_new_entries()

    settings.SECRET_KEY = former  # the thief's own process
    write("forged")
    settings.SECRET_KEY = NEW
    link_new_entries()

    forged = AuditEntry.objects.get(object_label="forged")
    assert forged.position is None
    assert any(f"Entry {forged.pk} of " in each and "no longer in use" in each for each in map(str, verify().problems))


def test_what_an_old_process_writes_meanwhile_is_moved_by_the_next_run(everything, change_key, settings) -> None:
    former = settings.SECRET_KEY
    change_key()
    move()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = former, [NEW]  # a process that was not restarted yet
    write("late")
    link_new_entries()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [former]

    assert dependents()[AUDIT] >= 1
    assert move().remaining == {}
    change_key(forget=True)
    assert verify().problems == ()


def test_a_former_key_that_somebody_put_there_opens_nothing(everything, change_key) -> None:
    change_key()
    move()
    change_key(forget=True)
    FormerKey.objects.update(sealed_key=b"made up")

    assert any("another SECRET_KEY" in each for each in map(str, verify().problems))


# ── Names, doctor, command ───────────────────────────────────────────────────────────────────────────────────────────
def test_attempts_whose_name_is_not_kept_any_more_are_found_while_the_former_key_is_there(change_key) -> None:
    SignInAttempt.objects.create(accepted=True, name_key=name_key("ada@example.com"))
    change_key()

    assert SignInAttempt.objects.filter(name_key__in=name_keys("Ada@example.com")).exists()
    assert move().remaining == {NAMES: 1}


def test_doctor_says_what_needs_a_former_key_when_it_can_go_and_what_is_lost(everything, change_key, settings) -> None:
    assert check_former_keys().status is Status.OK
    change_key()
    check = check_former_keys()
    assert check.status is Status.WARNING
    assert "second factors: 1" in check.detail
    assert "reseal" in check.fix

    move()
    assert "Nothing needs a former SECRET_KEY" in check_former_keys().detail
    change_key(forget=True)
    assert check_former_keys().status is Status.OK

    settings.SECRET_KEY = THIRD
    check = check_former_keys()
    assert check.status is Status.FAILED
    assert "second factors: 1" in check.detail


def test_the_command_says_what_it_moved_and_writes_it_into_the_trail(everything, change_key, capsys) -> None:
    change_key()

    status, document = run(capsys)

    assert (status, document["remaining"], document["former_keys_needed"]) == (0, {}, False)
    assert document["resealed"]["second factors"] == 1
    assert AuditEntry.objects.filter(event="secret_key.changed").count() == 1
    assert run(capsys)[1]["resealed"] == {}
    assert AuditEntry.objects.filter(event="secret_key.changed").count() == 1


def test_the_command_ends_with_status_1_when_something_cannot_be_opened(everything, capsys, settings) -> None:
    settings.SECRET_KEY = NEW

    status, document = run(capsys)

    assert status == 1
    assert document["unreadable"]["second factors"] == 1


def test_a_code_of_the_app_is_taken_under_a_former_key(change_key) -> None:
    root = make_administrator(ROOT)
    secret = give_second_factor(root)
    change_key()

    assert take_code(root, code_of(secret, steps=1), actor=ADMIN) is None


# ── A key that is kept in DATA_DIR ───────────────────────────────────────────────────────────────────────────────────
def test_a_new_key_is_made_beside_the_former_one(settings, tmp_path, monkeypatch, capsys) -> None:
    for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        monkeypatch.delenv(name, raising=False)
    settings.DATA_DIR = tmp_path
    (tmp_path / "secret_key").write_text(settings.SECRET_KEY)

    status, document = run(capsys, "--new-key")

    assert (status, document["former_keys"]) == (0, 1)
    present = environment.secret("SECRET_KEY", stored_in=tmp_path / "secret_key")
    former = environment.secrets_list("SECRET_KEY_FALLBACKS", stored_in=tmp_path / "secret_key_fallbacks")
    assert present != settings.SECRET_KEY
    assert former == [settings.SECRET_KEY]
    for name in ("secret_key", "secret_key_fallbacks"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_a_key_of_the_environment_is_not_changed_here(monkeypatch) -> None:
    monkeypatch.setenv("SECRET_KEY", NEW)

    with pytest.raises(CommandError, match="change SECRET_KEY there"):
        call_command("reseal", "--new-key")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", []),
        (NEW, [NEW]),
        (f" {NEW} ,{THIRD},", [NEW, THIRD]),
    ],
)
def test_former_keys_are_read_from_the_environment(monkeypatch, tmp_path, value, expected) -> None:
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", value)

    assert environment.secrets_list("SECRET_KEY_FALLBACKS", stored_in=tmp_path / "none") == expected


def test_a_former_key_that_is_none_stops_the_start(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("SECRET_KEY_FALLBACKS", "short")

    with pytest.raises(environment.BadEnvironment, match=r"^SECRET_KEY_FALLBACKS must be keys of at least 32"):
        environment.secrets_list("SECRET_KEY_FALLBACKS", stored_in=tmp_path / "none")
