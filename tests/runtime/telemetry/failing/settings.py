"""The site's settings with a page and a task that fail, and say everything that they know while they do."""

from gatekeeper.settings import *  # noqa: F403

ROOT_URLCONF = "tests.runtime.telemetry.failing.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "tests.runtime.telemetry.failing"]  # noqa: F405
