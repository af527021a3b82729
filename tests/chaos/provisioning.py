"""An identity provider that writes all the time, repeats what was not answered, and keeps a list of its own.

Each client has people and a group of its own, so that its list says exactly what the directory has to hold.
"""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

JSON = {"Content-Type": "application/scim+json"}
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
REPEAT_AFTER = 0.2  # seconds
ANSWER_WITHIN = 30.0  # seconds
PATIENCE = 120.0  # seconds until one request has to be acknowledged


@dataclass
class Person:
    """What the client knows of one of its people."""

    id: str
    active: bool = True
    title: str = ""
    is_member: bool = False


@dataclass
class Expected:
    """The client's list: people by userName; how often it changed what is at a path; the requests that did at once."""

    people: dict[str, Person] = field(default_factory=dict)
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    at_once: list[str] = field(default_factory=list)
    repeated: int = 0


class Client(threading.Thread):
    """Creates, changes, groups and deletes people until ``end``; what it expects is in ``expected``."""

    def __init__(self, number: int, base_url: str, key: str, seed: int) -> None:
        super().__init__(name=f"client-{number}")
        self.number, self.expected, self.error = number, Expected(), None
        self._random = random.Random(f"{seed}-{number}")
        self._http = httpx.Client(
            base_url=base_url, headers={**JSON, "Authorization": f"Bearer {key}"}, timeout=ANSWER_WITHIN
        )
        self._end = threading.Event()
        self._created = 0
        self.group_id = ""
        self.error: BaseException | None

    @property
    def group_name(self) -> str:
        return f"Chaos {self.number}"

    def run(self) -> None:
        """Write until the end; an answer that nobody may give ends it early, and is kept."""
        try:
            self.group_id = self._create("/Groups", {"displayName": self.group_name}, "displayName", self.group_name)
            while not self._end.is_set():
                self._write_something()
        except BaseException as error:  # noqa: BLE001  # read by the test
            self.error = error
        finally:
            self._http.close()

    def end(self) -> Self:
        """Stop after the request that is in flight has been acknowledged."""
        self._end.set()
        self.join()
        return self

    def _write_something(self) -> None:
        people = self.expected.people
        if len(people) < 3 or self._random.random() < 0.4:
            self._add_person()
            return
        name = self._random.choice(sorted(people))
        self._random.choice([self._rename, self._switch, self._join_or_leave, self._remove])(name, people[name])

    def _add_person(self) -> None:
        self._created += 1
        name = f"person-{self.number}-{self._created}@chaos.example"
        person_id = self._create("/Users", {"userName": name, "active": True}, "userName", name)
        self.expected.people[name] = Person(person_id)

    def _rename(self, name: str, person: Person) -> None:
        del name
        title = f"Title {self._random.random()}"
        self._patch(f"/Users/{person.id}", {"op": "replace", "value": {"title": title}})
        person.title = title

    def _switch(self, name: str, person: Person) -> None:
        del name
        active = not person.active
        self._patch(f"/Users/{person.id}", {"op": "replace", "path": "active", "value": active})
        person.active = active

    def _join_or_leave(self, name: str, person: Person) -> None:
        del name
        if person.is_member:
            operation = {"op": "remove", "path": f'members[value eq "{person.id}"]'}
        else:
            operation = {"op": "add", "path": "members", "value": [{"value": person.id}]}
        self._patch(f"/Groups/{self.group_id}", operation)
        person.is_member = not person.is_member

    def _remove(self, name: str, person: Person) -> None:
        answer = self._until_answered("DELETE", f"/Users/{person.id}", accepted=(204, 404))
        assert self._is_repeat or answer.status_code == httpx.codes.NO_CONTENT, f"{name} had gone before"
        self._note(answer)
        del self.expected.people[name]

    def _create(self, path: str, document: dict[str, Any], attribute: str, value: str) -> str:
        answer = self._until_answered("POST", path, document, accepted=(201, 409))
        self._note(answer)
        if answer.status_code == httpx.codes.CREATED:
            return str(answer.json()["id"])
        assert self._is_repeat, f"{value} was there before it was created"
        found = self._until_answered("GET", path, params={"filter": f'{attribute} eq "{value}"'}, accepted=(200,))
        [resource] = found.json()["Resources"]
        return str(resource["id"])

    def _patch(self, path: str, operation: dict[str, Any]) -> None:
        document = {"schemas": [PATCH], "Operations": [operation]}
        self._note(self._until_answered("PATCH", path, document, accepted=(200, 204)))

    def _note(self, answer: httpx.Response) -> None:
        """A change was acknowledged: by this answer, or by one that got lost, and this one says that it was."""
        self.expected.changes[answer.request.method, answer.request.url.path] += 1
        if not self._is_repeat:
            self.expected.at_once.append(answer.headers["X-Request-ID"])

    def _until_answered(
        self,
        method: str,
        path: str,
        document: dict[str, Any] | None = None,
        *,
        accepted: tuple[int, ...],
        params: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Repeat the request while nobody answers, or the answer asks for it, as Entra and Okta do."""
        self._is_repeat = False
        last: object = None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                answer = self._http.request(method, f"/scim/v2{path}", json=document, params=params)
            except httpx.TransportError as error:
                last = error
            else:
                if answer.status_code in accepted:
                    return answer
                assert answer.status_code in (429, 503), f"{method} {path}: {answer.status_code} {answer.text}"
                assert "Retry-After" in answer.headers
                last = answer
            self._is_repeat = True
            self.expected.repeated += 1
            time.sleep(REPEAT_AFTER)
        raise AssertionError(f"{method} {path} was not acknowledged: {last!r}")
