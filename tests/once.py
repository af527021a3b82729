"""On which databases a module's tests run, where that isn't both: ``pytestmark = ONCE``, or ``ON_SERVERS``."""

import pytest
from django.db import connection

# What bodies, headers, XML and proxies may be, and how a browser shows a page: the suite's second run would find the
# same at half as much cost again.
ONCE = pytest.mark.skipif(connection.vendor != "sqlite", reason="no database decides it; it was tried over SQLite")
ON_SERVERS = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite is for one host")
