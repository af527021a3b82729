"""The site's own settings, with the twins beside its addresses: the same process, server, database and middleware."""

from gatekeeper.settings import *  # noqa: F403

ROOT_URLCONF = "bench.twins.urls"
