"""The second factor: what a code has to be, and that none is taken twice."""

from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from gatekeeper.audit.models import AuditEntry
from gatekeeper.directory.local_accounts.second_factors import (
    add_second_factor,
    as_text,
    as_uri,
    new_secret,
    remove_second_factor,
    take_code,
)
from gatekeeper.directory.models import RecoveryCode, SecondFactor, SignIn, User
from gatekeeper.directory.sessions.open_sessions import open_sign_in
from gatekeeper.errors import SealBroken, SecondFactorExists, SecondFactorMissing, UserNotFound, WrongCode
from tests.builders import ADMIN, code_of, give_second_factor, make_administrator, make_user

RFC_SECRET = b"12345678901234567890"  # RFC 6238, appendix B


@pytest.fixture
def root(db: None) -> User:
    return make_administrator()


@pytest.mark.parametrize(("seconds", "code"), [(1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")])
def test_codes_are_those_of_the_rfc(root: User, seconds: int, code: str) -> None:
    with time_machine.travel(seconds, tick=False):
        assert add_second_factor(root.id, RFC_SECRET, code, actor=ADMIN)


@pytest.mark.parametrize("steps", [-1, 1])
def test_a_clock_may_be_off_by_one_step(root: User, steps: int) -> None:
    secret = give_second_factor(root)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        take_code(root, code_of(secret, steps=steps), actor=ADMIN)


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_clock_may_not_be_off_by_two(root: User, steps: int) -> None:
    secret = give_second_factor(root)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False), pytest.raises(WrongCode):
        take_code(root, code_of(secret, steps=steps), actor=ADMIN)


def test_no_code_is_taken_twice_nor_one_before_it(root: User) -> None:
    secret = give_second_factor(root)
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        take_code(root, code_of(secret), actor=ADMIN)
        for steps in (0, -1):
            with pytest.raises(WrongCode):
                take_code(root, code_of(secret, steps=steps), actor=ADMIN)


def test_the_code_that_confirmed_the_app_does_not_also_sign_in(root: User) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        secret = give_second_factor(root)
        with pytest.raises(WrongCode):
            take_code(root, code_of(secret), actor=ADMIN)


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
def test_what_is_no_code_is_wrong(root: User, code: str) -> None:
    give_second_factor(root)
    with pytest.raises(WrongCode):
        take_code(root, code, actor=ADMIN)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time; its tests share memory")
@pytest.mark.django_db(transaction=True)
def test_of_many_processes_with_the_same_code_one_takes_it() -> None:
    root = make_administrator()
    secret = give_second_factor(root)
    SecondFactor.objects.update(last_step=0)
    code, together, taken = code_of(secret), Barrier(6), []

    def take() -> None:
        connection.ensure_connection()
        together.wait()
        with suppress(WrongCode):
            taken.append(take_code(root, code, actor=ADMIN))
        connection.close()

    threads = [Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert taken == [None]


def test_each_recovery_code_works_once(root: User) -> None:
    secret = new_secret()
    codes = add_second_factor(root.id, secret, code_of(secret), actor=ADMIN)

    assert len(set(codes)) == 10
    assert take_code(root, codes[3], actor=ADMIN) == 9
    with pytest.raises(WrongCode):
        take_code(root, codes[3], actor=ADMIN)
    assert take_code(root, codes[4].replace(" ", "-"), actor=ADMIN) == 8


def test_secret_and_recovery_codes_are_nowhere_in_clear(root: User) -> None:
    secret = new_secret()
    codes = add_second_factor(root.id, secret, code_of(secret), actor=ADMIN)

    kept = [*AuditEntry.objects.values(), *RecoveryCode.objects.values(), *SecondFactor.objects.values()]
    stored = repr([{k: bytes(v) if isinstance(v, memoryview) else v for k, v in row.items()} for row in kept])
    for clear in (repr(secret)[2:-1], as_text(secret), codes[0]):
        assert clear not in stored
        assert clear.replace(" ", "") not in stored


def test_another_secret_key_breaks_the_app_but_not_the_recovery_codes(root: User, settings: object) -> None:
    secret = new_secret()
    codes = add_second_factor(root.id, secret, code_of(secret), actor=ADMIN)
    settings.SECRET_KEY = "another secret key that is long enough to be one"  # type: ignore[attr-defined]

    with pytest.raises(SealBroken):
        take_code(root, code_of(secret, steps=1), actor=ADMIN)
    assert take_code(root, codes[0], actor=ADMIN) == 9


def test_setting_it_up_ends_the_sessions_that_a_password_alone_opened_except_this_one(root: User) -> None:
    this, other = open_sign_in(root, actor=ADMIN), open_sign_in(root, actor=ADMIN)
    secret = new_secret()
    add_second_factor(root.id, secret, code_of(secret), actor=ADMIN, keep=this.id)

    assert list(SignIn.objects.live()) == [this]
    assert SignIn.objects.get(pk=other.pk).until is not None


def test_only_a_local_administrator_has_one_and_only_one(root: User) -> None:
    secret = give_second_factor(root)
    with pytest.raises(SecondFactorExists):
        add_second_factor(root.id, secret, code_of(secret, steps=1), actor=ADMIN)
    for nobody in (make_user().id, uuid4()):
        with pytest.raises(UserNotFound):
            add_second_factor(nobody, secret, code_of(secret), actor=ADMIN)


def test_removing_it_is_written_down_and_ends_its_codes(root: User) -> None:
    secret = give_second_factor(root)
    remove_second_factor(root.id, actor=ADMIN)

    with pytest.raises(SecondFactorMissing):
        take_code(root, code_of(secret, steps=1), actor=ADMIN)
    with pytest.raises(SecondFactorMissing):
        remove_second_factor(root.id, actor=ADMIN)
    events = AuditEntry.objects.filter(object_id=str(root.id)).values_list("event", flat=True)
    assert list(events) == ["second_factor.removed", "second_factor.added", "administrator.created"]


def test_the_address_in_the_qr_code_names_the_site_and_the_account() -> None:
    assert as_uri(RFC_SECRET, "root@example.com") == (
        "otpauth://totp/Gatekeeper:root%40example.com?digits=6&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&algorithm=SHA1&issuer=Gatekeeper&period=30"
    )
