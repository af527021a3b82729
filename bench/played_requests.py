"""Sends the SCIM requests of a file to the site of one source tree, in this process: ``bench/size.py`` starts it.

    PYTHON bench/played_requests.py API_KEY REQUESTS IDS        (in the folder of the tree, which may be an old version)

REQUESTS has a JSON document in each line: method, path, body, and ``name`` of the resource that is created. ``{NAME}``
in a path or body is the id that the resource of that name got; IDS keeps those from one run to the next. It imports
nothing of ``bench``: what it asks of the site has been there since the first version, or is left out.
"""

import json
import logging
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

PARTS = 20  # background work is done so often in between, as each minute does
BACKGROUND = (("gatekeeper.audit.chain.links", "link_new_entries"), ("gatekeeper.events.delivery", "deliver_due"))

sys.path.insert(0, str(Path.cwd()))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")

import django  # noqa: E402

django.setup()
logging.disable(logging.WARNING)

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402


def main(key: str, requests_file: Path, ids_file: Path) -> None:
    """Raises RuntimeError at the first request that is refused."""
    requests = [json.loads(line) for line in requests_file.read_text().splitlines()]
    ids: dict[str, str] = json.loads(ids_file.read_text()) if ids_file.exists() else {}
    client = Client(headers={"authorization": f"Bearer {key}", "host": "127.0.0.1"})
    work, part = background_work(), max(1, len(requests) // PARTS)
    for number, request in enumerate(requests, start=1):
        send(client, request, ids)
        if number % part == 0 or number == len(requests):
            for each in work:
                each()
            vacuum()
    ids_file.write_text(json.dumps(ids))


def send(client: Client, request: dict[str, Any], ids: dict[str, str]) -> None:
    """One request, with the ids that are known now."""
    path, body = request["path"], json.dumps(request["body"])
    for name in request["named"]:
        path, body = path.replace(f"{{{name}}}", ids[name]), body.replace(f"{{{name}}}", ids[name])
    send_it = getattr(client, request["method"].lower())
    answer = send_it(f"/scim/v2{path}", data=body, content_type="application/scim+json")
    if answer.status_code >= 300:
        raise RuntimeError(f"{request['method']} {path}: {answer.status_code} {answer.content[:500]!r}")
    if request["name"]:
        ids[request["name"]] = answer.json()["id"]


def background_work() -> list[Callable[[], object]]:
    """What the worker does each minute, as far as this version does it."""
    found = []
    for module, name in BACKGROUND:
        try:
            found.append(getattr(import_module(module), name))
        except ModuleNotFoundError:
            continue
    return found


def vacuum() -> None:
    """What autovacuum does, at moments that are the same in each run."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT relname FROM pg_stat_user_tables WHERE n_dead_tup > 0 OR n_ins_since_vacuum > 0")
            for (table,) in cursor.fetchall():
                cursor.execute(f'VACUUM "{table}"')


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
