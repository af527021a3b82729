"""The last release goes on over tables that this version has migrated, and this version over the rows of both."""

import json
import os
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deploy.last_release.kept_code import unpack
from tests.site import ROOT, Site, wait_until

# Over the embedded broker worker and beat are one process.
PROCESSES = ("web", "worker", "beat") if os.environ.get("REDIS_URL") else ("web", "worker")
EMAIL, PASSWORD = "ops@example.com", "a lantern over 9 quiet canals"
# The worker runs the sync; every column that the code knows is read from every table.
SYNC_AND_READ_ALL = """
import time
from django.apps import apps
from saml.models import SyncRun
from saml.tasks import sync_users
runs = SyncRun.objects.filter(finished_at__isnull=False)
before, end = runs.count(), time.monotonic() + 60
sync_users.delay()
while runs.count() == before:
    assert time.monotonic() < end, "no worker has run the sync"
    time.sleep(0.1)
for model in apps.get_models():
    list(model._default_manager.all()[:50])
print("read")
"""
LINK = re.compile(r'href="(/[^"#]*)"')
NO_PAGES = ("/static/", "/scim/", "/sign-out")
MOST_PAGES = 60
FAILED = re.compile(r"Traceback|Error\b|no such (table|column)|does not exist")  # in a line that is no object


class Upgraded:
    """One site, its processes of the code that ``code`` names, over one database."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.key = site.manage("scim_key", "generate")["api_key"]
        site.manage("create_admin", EMAIL, "--password-stdin", input=f"{PASSWORD}\n")

    def scim(self, method: str, path: str, status: int, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/scim+json"}
        answer = httpx.request(method, f"{self.site.url}/scim/v2/{path}", headers=headers, timeout=60, **options)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else {}

    def provision(self, name: str) -> str:
        """What an identity provider does with a new person and their group; returns the group's id."""
        user = self.scim("POST", "Users", 201, json=person(name))["id"]
        renamed = {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "title", "value": "Pilot"}]}
        assert self.scim("PATCH", f"Users/{user}", 200, json=renamed)["title"] == "Pilot"
        members = [{"value": user}]
        group = self.scim("POST", "Groups", 201, json={"schemas": [GROUP], "displayName": f"GK {name}", "members": []})
        joined = {"schemas": [PATCH], "Operations": [{"op": "add", "path": "members", "value": members}]}
        self.scim("PATCH", f"Groups/{group['id']}", 204, json=joined)
        self.find(name)
        return str(group["id"])

    def find(self, name: str) -> dict[str, Any]:
        found = self.scim("GET", f'Users?filter=userName eq "{name}@example.com"', 200)
        assert found["totalResults"] == 1, found
        return dict(found["Resources"][0])

    def sign_in(self) -> httpx.Client:
        """As the local administrator."""
        browser = httpx.Client(base_url=self.site.url, follow_redirects=True, timeout=60)
        form = browser.get("/sign-in/")
        action = re.search(r'action="(/sign-in/[^"]*)"', form.text)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        assert action and token, form.text  # noqa: PT018
        data = {"csrfmiddlewaretoken": token[1], "email": EMAIL, "password": PASSWORD}
        answer = browser.post(unescape(action[1]), data=data, headers={"Referer": self.site.url})
        assert answer.status_code == 200, answer.text[:2000]
        assert "/sign-in/" not in str(answer.url), answer.text[-3000:]
        return browser

    def open_pages(self) -> int:
        """Every page that the administrator can reach by links, up to a number; returns how many."""
        browser = self.sign_in()
        waiting, seen = ["/"], {"/"}
        while waiting and len(seen) < MOST_PAGES + len(waiting):
            answer = browser.get(waiting.pop(0))
            assert answer.status_code < 400, (str(answer.url), answer.status_code)
            links = [unescape(link).partition("?")[0] for link in LINK.findall(answer.text)]
            new = dict.fromkeys(link for link in links if link not in seen and not link.startswith(NO_PAGES))
            seen.update(new)
            waiting.extend(new)
        browser.close()
        return len(seen) - len(waiting)

    def change_mapping(self, group: str, level: str) -> None:
        document = self.site.data_dir / "mapping.json"
        document.write_text(
            f'{{"group_mappings": {{"{group}": {{"level": "{level}", "permissions": ["reports"], "teams": []}}}}}}'
        )
        self.site.manage("configuration", "apply", str(document))

    def level_of(self, name: str) -> str:
        return str(self.site.manage("access", f"{name}@example.com")["level"])

    def shell(self, code: str) -> str:
        return str(self.site.manage("shell", "--no-imports", "-c", code, as_json=False).stdout.strip())

    def everything(self, name: str) -> None:
        """What goes on all day: provisioning, a decision, the sync, people who sign in and look around."""
        self.provision(name)
        self.change_mapping(f"GK {name}", "global_collaborator")
        assert self.level_of(name) == "global_collaborator"
        assert self.shell(SYNC_AND_READ_ALL).endswith("read")
        assert self.open_pages() >= 20

    def replace(self, name: str, code: Path) -> None:
        """End one process and start the one of another version in its place, as the units of deploy/ do."""
        self.site.end_process(name)
        self.site.code = code
        if name == "web":
            self.site.manage("collectstatic", "--no-input", as_json=False)
        self.site.start_process(name)
        wait_until(self.site.answers, what="an answer")

    def nothing_failed(self) -> None:
        """No process has logged an error, of whichever release."""
        for name in PROCESSES:
            # Beat has nothing to say until a minute begins.
            lines = wait_until(self.site.log(name).read_text, seconds=90, what=f"a line of {name}").splitlines()
            assert [line for line in lines if is_failure(line)] == [], name


def is_failure(line: str) -> bool:
    try:
        return str(json.loads(line).get("level")).lower() in ("error", "critical")
    except ValueError:
        return FAILED.search(line) is not None


PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"


def person(name: str) -> dict[str, Any]:
    address = f"{name}@example.com"
    emails = [{"type": "work", "value": address, "primary": True}]
    return {"schemas": [USER], "userName": address, "externalId": name, "active": True, "emails": emails}


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Upgraded]:
    """A site of the last release with rows of its own, whose processes run."""
    site = Site(processes=PROCESSES, code=unpack(tmp_path), environment={"LOG_FORMAT": "json"})
    try:
        yield Upgraded(site.start(fresh=True))
    finally:
        site.stop()


def test_the_last_release_serves_on_over_migrated_tables_and_this_version_takes_its_rows(upgraded: Upgraded):
    site, old = upgraded.site, upgraded.site.code
    upgraded.provision("before")

    site.code = ROOT
    site.manage("start", "--prepare-only", as_json=False)  # the old processes go on meanwhile
    site.code = old
    upgraded.everything("between")
    for name in PROCESSES:  # also those that begin after the migration
        upgraded.replace(name, old)
    upgraded.provision("restarted")

    upgraded.replace("web", ROOT)  # beside worker and beat of the last release
    upgraded.everything("beside")
    for name in PROCESSES[1:]:
        upgraded.replace(name, ROOT)
    upgraded.everything("after")
    for name in ("before", "between", "restarted", "beside", "after"):
        assert upgraded.find(name)["title"] == "Pilot"
    assert site.manage("audit", "verify")
    upgraded.nothing_failed()
