"""People join, move, leave and are renamed: each as the SCIM requests that Entra sends, to the site in this process."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
from django.core.wsgi import get_wsgi_application

from entra_client.directory.company import Company, Person, make_joiner, plain
from entra_client.directory.names import FAMILY_NAMES, PLACES
from entra_client.protocol import answer_checks, requests
from entra_client.protocol.client_quirks import WITHOUT_FLAG
from entra_client.protocol.transport import ScimServer
from entra_client.run.conversation import Conversation
from entra_client.run.progress import Progress
from entra_client.run.provisioning import Job
from entra_client.run.report import Report
from pretend_entra.demo.history.calendar import Kind

FIRST_JOINER = 100  # number of the first one; the pretend Entra has numbers of its own for others


class CompanyLife:
    """The provisioning job of the company, which changes while it is played."""

    def __init__(self, base_url: str, api_key: str, company: Company, screen: Any, dice: random.Random) -> None:
        self.report = Report()
        transport = httpx.WSGITransport(app=get_wsgi_application())
        self._base_url = base_url
        self._http = httpx.Client(transport=transport, headers={"Authorization": f"Bearer {api_key}"})
        self._server = ScimServer(base_url, api_key, transport=transport)
        self.job = Job(Conversation(self._server, self.report, Progress(screen)), company, WITHOUT_FLAG)
        self._dice = dice
        self._people = {person.object_id: person for person in company.people}
        self._settled = [person.object_id for person in company.people[20:]]  # who does not lead a department
        self._joined = 0
        self._twins = 0
        self.left: list[str] = []

    def begin(self) -> None:
        """Test Connection and the initial cycle."""
        with self.job.talk.step("test connection"):
            self.job.connect()
        self.job.full_cycle("initial cycle")

    def play(self, kind: Kind) -> None:
        """Let one thing happen, and send what Entra sends for it."""
        plays: dict[Kind, Callable[[], None]] = {
            Kind.JOINER: self._join,
            Kind.MOVER: self._move,
            Kind.LEAVER: self._leave,
            Kind.RENAME: self._rename,
            Kind.TWIN: self._twin,
            Kind.DUPLICATE: self._duplicate,
            Kind.UNREADABLE: self._unreadable,
        }
        with self.job.talk.one_object():
            plays[kind]()

    def take_group_away(self, name: str, number: int) -> None:
        """Disable so many members of a group, without waiting where the site asks for it: what is held stays held."""
        group = next(one for one in self.job.company.groups if one.display_name == name)
        for object_id in sorted(group.members & self.job.user_ids.keys())[:number]:
            path = f"{self._base_url}/Users/{self.job.user_ids[object_id]}"
            self._http.patch(path, json=WITHOUT_FLAG.change_user({}, active=False))

    def close(self) -> None:
        """Hang up."""
        self._server.close()
        self._http.close()

    def _join(self) -> None:
        self._joined += 1
        company = self.job.company
        person = make_joiner(company, FIRST_JOINER + self._joined)
        self.job.provision(person)
        self._people[person.object_id] = person
        self._settled.append(person.object_id)
        groups = [one for one in company.groups if one.display_name in (f"GK {person.department}", "GK All Staff")]
        for group in groups:
            self.job.add_members(group, [person.object_id])
        if person.manager_id:
            self.job.set_manager(person, person.manager_id)

    def _move(self) -> None:
        """Another title and office, and sometimes another group."""
        person = self._somebody()
        place = self._dice.choice(PLACES)
        self._change(replace(person, title=f"Senior {person.title.removeprefix('Senior ')}", place=place))
        if self._dice.random() < 0.4:
            group = self._dice.choice(self.job.company.groups[:8])
            member = person.object_id in group.members
            (self.job.remove_members if member else self.job.add_members)(group, [person.object_id])

    def _leave(self) -> None:
        person = self._somebody()
        self._settled.remove(person.object_id)
        self.left.append(person.user_name)
        self._change(replace(person, enabled=False))

    def _rename(self) -> None:
        """A new family name, and the address that follows from it."""
        person = self._somebody()
        family = self._dice.choice(FAMILY_NAMES)
        address = f"{plain(person.given_name)}.{plain(family)}.{self._dice.randrange(100)}@{self.job.company.domain}"
        self._change(replace(person, family_name=family, user_name=address))

    def _twin(self) -> None:
        """Somebody gets an account whose work e-mail another one has: the sync links neither."""
        self._twins += 1
        other = self._somebody()
        twin = make_joiner(self.job.company, FIRST_JOINER + 90 + self._twins)
        body = WITHOUT_FLAG.new_user(twin)
        for address in body.get("emails", []):
            address["value"] = other.user_name
        self.job.talk.ask(requests.create("User", body), _whatever)

    def _duplicate(self) -> None:
        """A second job creates somebody who is there: 409."""
        body = WITHOUT_FLAG.new_user(self._somebody())
        self.job.talk.ask(requests.create("User", body), answer_checks.error(409, scim_type="uniqueness"))

    def _unreadable(self) -> None:
        """A mapping expression gave text where true or false is meant: 400."""
        user_id = self.job.link(self.job.user_ids, self._somebody().object_id)
        operation = {"op": "Replace", "path": "active", "value": "Enabled"}
        schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
        body = {"schemas": schemas, "Operations": [operation]}
        self.job.talk.ask(requests.change("User", user_id, body), answer_checks.error(400))

    def _change(self, person: Person) -> None:
        self._people[person.object_id] = person
        self.job.update(person)

    def _somebody(self) -> Person:
        return self._people[self._dice.choice(self._settled)]


def _whatever(answer: Any) -> None:
    """The request may be held or refused; the site's own log says what came of it."""
