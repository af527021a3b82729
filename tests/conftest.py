"""What the tests of every package may use: the running site, and a real Chromium."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.test import TransactionTestCase
from django.test.utils import teardown_databases
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.plugin import DjangoDbBlocker

from gatekeeper.audit.chain import writers
from gatekeeper.audit.chain.head import Head, new_trail, store_head
from gatekeeper.directory.deprovisioning_limits import certainty
from tests.audit.chain.attacker import without_triggers
from tests.fresh_cache import forget_what_is_kept
from tests.kept import rsa_key
from tests.prepared_database import create_test_databases
from tests.site import Site

hypothesis.settings.register_profile("default", deadline=None, max_examples=60)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# They need programs that `make test` does not install; `make test-idps` does.
collect_ignore = [] if os.environ.get("TEST_IDPS") else ["idps"]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_ON_MACOS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# A browser that talks to nobody but the site under test, and needs no privileges of its own.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.elsewhere.example 127.0.0.1",  # names of another site, for identity providers
]


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the shared site run in one process of several, so that it is started once (--dist loadgroup)."""
    for item in items:
        if "running_site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("running_site"))


@pytest.fixture(scope="session")
def running_site() -> Iterator[Site]:
    """The real site, one per test process: web, worker and beat. Tests share it, so they bring names of their own."""
    site = Site()
    try:
        yield site.start()
    finally:
        site.stop()


@pytest.fixture
def make_site() -> Iterator[Callable[..., Site]]:
    """Start a site of one's own: ``make_site(processes=("web",), environment={…}, fresh=True)``."""
    sites: list[Site] = []

    def make(*, fresh: bool = False, **options: Any) -> Site:
        site = Site(**options)
        sites.append(site)
        return site.start(fresh=fresh)

    yield make
    for site in sites:
        site.stop()


def chromium_path() -> str:
    """Where this machine's Chromium is; `make test` installs it where it may."""
    found = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    found = found or next((path for path in CHROMIUM_ON_MACOS if Path(path).exists()), None)
    assert found, "There is no Chromium on this machine; tests/system-packages.sh says how to install it."
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One real Chromium per test process."""
    # Playwright's loop runs in this thread, and Django would take the tests' own queries for asynchronous ones.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a fresh browser profile: no cookies, no storage."""
    context = browser.new_context()
    context.set_default_timeout(10_000)  # milliseconds
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, django_db_modify_db_settings: None
) -> Iterator[None]:
    """Takes the place of pytest-django's: the migrated database is a copy (tests/prepared_database.py)."""
    with django_db_blocker.unblock():
        created = create_test_databases()
    yield
    with django_db_blocker.unblock():
        teardown_databases(created, verbosity=0)


@pytest.fixture(autouse=True)
def nobody_was_counted() -> None:
    """What this process counted in another test's database holds in no other."""
    certainty.forget_active()


@pytest.fixture(autouse=True)
def nothing_was_written() -> None:
    """Entries of the audit trail that another test took back would be a gap in the numbers of this one's."""
    writers.begin_anew()


@pytest.fixture(autouse=True)
def nothing_was_kept() -> None:
    """What another test, process or run has kept in Redis is of another database."""
    forget_what_is_kept()


@pytest.fixture(autouse=True, scope="session")
def tables_can_be_emptied() -> Iterator[None]:
    """After a test with real transactions Django empties every table, which the audit trail's triggers refuse."""
    empty = TransactionTestCase._fixture_teardown

    def emptied(case: TransactionTestCase) -> None:
        with without_triggers():
            empty(case)
        store_head(new_trail(), Head(0, ""))  # as the migration does

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", emptied)
        yield


@pytest.fixture(autouse=True, scope="session")
def quick_keys() -> Iterator[None]:
    """Connections take our keys from a few that are kept: making a real one takes a tenth of a second and more."""
    numbers = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("saml.connections.key_pairs.new_private_key", lambda: rsa_key(f"connection {next(numbers) % 3}"))
        yield
