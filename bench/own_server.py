"""Runs a measurement against a PostgreSQL server of its own, whose autovacuum is as PostgreSQL delivers it.

    .venv/bin/python -m bench.own_server bench.large_logs 10000000

The server is in a temporary folder, which is removed afterwards. Its settings are PostgreSQL's, but for a gigabyte of
shared buffers, and what is written is not waited for (fsync).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.chaos.servers import PostgreSql

SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "4GB", "autovacuum": "on"}


def main(module: str, *arguments: str) -> int:
    """The status with which the measurement ended."""
    folder = Path(tempfile.mkdtemp(prefix="gatekeeper-bench-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = PostgreSql(folder, "server")
    try:
        server.create()
        server.start(**SETTINGS)
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": server.url}, check=False).returncode
    finally:
        if (server.data / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
