"""A backup of a site that is written to, restored into an empty one: on both databases, and from one to the other."""

import json
import os
import re
import stat
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.backup.archives import parts, rows
from tests.saml.forge import metadata
from tests.site import Site, wait_until

EMAIL, PASSWORD = "broken.glass@example.com", "correct horse battery staple"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ON_POSTGRESQL = os.environ.get("DATABASE_URL", "").startswith("postgres")


class Writer(threading.Thread):
    """An identity provider that creates people until it is stopped."""

    def __init__(self, site: Site, key: str) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()
        self._address = f"{site.url}/scim/v2/Users"
        self._client = httpx.Client(timeout=30, headers={"Authorization": f"Bearer {key}"})
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            name = f"person{len(self.acknowledged)}@example.com"
            body = {"schemas": [USER], "userName": name, "externalId": name, "active": True}
            self.statuses.add(self._client.post(self._address, json=body).status_code)
            self.acknowledged.append(name)

    def stop(self) -> None:
        self._ended.set()
        self.join()


@pytest.fixture
def empty_site() -> Iterator[Callable[..., Site]]:
    """Sites that nobody prepared: no tables, no keys."""
    sites: list[Site] = []

    def make(**environment: str) -> Site:
        sites.append(Site(processes=(), environment=environment))
        return sites[-1]

    yield make
    for site in sites:
        site.stop()


@pytest.fixture
def used_site(make_site, tmp_path) -> Site:
    site: Site = make_site(processes=("web",))
    site.manage("create_admin", EMAIL, "--password-stdin", input=PASSWORD)
    (tmp_path / "metadata.xml").write_bytes(metadata())
    site.manage("saml_connection", "create", "Entra", "--metadata-file", str(tmp_path / "metadata.xml"))
    return site


def start(site: Site) -> None:
    """As an operator does it after a restore."""
    site.manage("start", "--prepare-only", as_json=False)
    site.start_process("web")
    wait_until(site.answers, what="the restored site's start")


def sign_in(site: Site) -> int:
    with httpx.Client() as browser:
        page = browser.get(f"{site.url}/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "email": EMAIL, "password": PASSWORD}
        browser.post(f"{site.url}/sign-in/", data=form)
        return browser.get(f"{site.url}/profile/").status_code


def people(site: Site, key: str) -> set[str]:
    headers, found, start_index = {"Authorization": f"Bearer {key}"}, set(), 1
    while True:
        query = {"startIndex": start_index, "count": 200, "attributes": "userName"}
        page = httpx.get(f"{site.url}/scim/v2/Users", params=query, headers=headers, timeout=30).json()
        found |= {each["userName"] for each in page.get("Resources", [])}
        start_index += 200
        if start_index > page["totalResults"]:
            return found


def test_a_backup_of_a_site_that_is_written_to_is_a_whole_site_elsewhere(used_site, empty_site, tmp_path):
    key = used_site.manage("scim_key", "generate")["api_key"]
    writer = Writer(used_site, key)
    writer.start()
    wait_until(lambda: len(writer.acknowledged) > 20, what="some people")
    before = set(writer.acknowledged)

    made = used_site.manage("backup", str(tmp_path / "site.zip"))

    during = len(writer.acknowledged)
    writer.stop()
    assert writer.statuses == {201}
    assert during > len(before)  # it was written to meanwhile
    assert made["database"] == ("postgresql" if ON_POSTGRESQL else "sqlite")
    assert made["bytes"] == (tmp_path / "site.zip").stat().st_size
    assert stat.S_IMODE((tmp_path / "site.zip").stat().st_mode) == 0o600

    target = empty_site()
    restored = target.manage("restore", str(tmp_path / "site.zip"))
    assert {"audit", "users", "groups", "audit_entries", "made_at"} == set(restored)
    assert restored["audit"] == "intact"
    assert restored["made_at"] == made["made_at"]
    assert restored["audit_entries"] == len(rows(tmp_path / "site.zip", "audit_auditentry"))
    assert stat.S_IMODE((target.data_dir / "secret_key").stat().st_mode) == 0o600
    assert (target.data_dir / "secret_key").read_bytes() == (used_site.data_dir / "secret_key").read_bytes()

    start(target)
    assert before <= people(target, key)
    assert restored["users"] == len(people(target, key)) + 2  # and the two administrators
    assert sign_in(target) == 200
    assert target.manage("audit", "verify", "--head", made["audit_head"])["intact"]
    assert len(rows(tmp_path / "site.zip", "saml_keypair")) == 1
    assert target.manage("reseal")["unreadable"] == {}  # what is sealed opens


WRITES_MEANWHILE = """
import sys, httpx
from pathlib import Path
from gatekeeper.backup import making
read = making.lines
def lines(table):
    yield from read(table)
    if table.name == "audit_auditentry":
        user = {{"schemas": [{schema!r}], "userName": "meanwhile@example.com"}}
        answer = httpx.post({address!r}, json=user, headers={{"Authorization": "Bearer " + {key!r}}}, timeout=30)
        assert answer.status_code == 201, answer.text
making.lines = lines
making.make_backup(Path({file!r}))
"""


def test_every_table_is_as_of_one_moment_and_who_writes_does_not_wait(used_site, tmp_path):
    """Somebody is created after their table of audit entries was read, and before the table of users is."""
    key, file = used_site.manage("scim_key", "generate")["api_key"], tmp_path / "site.zip"
    address = f"{used_site.url}/scim/v2/Users"

    script = WRITES_MEANWHILE.format(schema=USER, address=address, key=key, file=str(file))
    used_site.manage("shell", "-c", script, as_json=False)

    assert "meanwhile@example.com" in people(used_site, key)
    assert EMAIL in json.dumps(rows(file, "directory_user"))
    assert "meanwhile@example.com" not in json.dumps([*contents(file).values()])


def contents(path: Any) -> dict[str, Any]:
    return {
        name: [json.loads(line) for line in content.splitlines()]
        for name, content in parts(path).items()
        if name.startswith("tables/")
    }


def test_what_was_restored_is_backed_up_as_the_same_rows_and_numbers(used_site, empty_site, tmp_path):
    """On the other database too: every table, every value, and the number that the next row gets."""
    used_site.manage("simulate_entra", *scim_of(used_site), "--users", "8", "--groups", "3", "--cycles", "1")
    first = used_site.manage("backup", str(tmp_path / "first.zip"))
    targets = [empty_site()]
    if ON_POSTGRESQL:  # and back again
        targets += [empty_site(DATABASE_URL=f"sqlite:///{tmp_path / 'other.sqlite3'}"), empty_site()]
    archive = tmp_path / "first.zip"

    for number, target in enumerate(targets):
        restored = target.manage("restore", str(archive))
        archive = tmp_path / f"again-{number}.zip"
        again = target.manage("backup", str(archive))

        assert restored["audit"] == "intact"
        assert again["audit_head"] == first["audit_head"]
        assert contents(archive) == contents(tmp_path / "first.zip")
        tables = [json.loads(parts(each)["manifest.json"])["tables"] for each in (tmp_path / "first.zip", archive)]
        assert tables[0] == tables[1]
        assert restored["groups"] > 0


def scim_of(site: Site) -> tuple[str, ...]:
    key = site.manage("scim_key", "generate", "--rotate")["api_key"]
    return "--base-url", f"{site.url}/scim/v2", "--api-key", key
