"""The profile, and the people and groups with which Entra's client is played."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

from conformance.suite.registry import Profile
from conformance.suite.trial import DOMAIN, Trial
from entra_client.directory.company import Person, SecurityGroup, make_company
from entra_client.protocol.answer_checks import Check
from entra_client.protocol.client_quirks import WITHOUT_FLAG, EntraQuirks
from entra_client.protocol.transport import Request
from entra_client.run.conversation import Conversation
from entra_client.run.provisioning import Job

T = TypeVar("T")

ENTRA = Profile(
    "entra",
    "Microsoft Entra's provisioning validator",
    "AzureAD/SCIMReferenceCode, SCIM-Validation-Test-Overview.md (25 tests, August 2026)",
)
OVERVIEW = "Test Overview"
_COMPANY = make_company(people=3, groups=0, seed=1)


class Asking(Conversation):
    """Lets the simulated client ask through a trial: the first wrong answer ends the test."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        del name
        yield

    @contextmanager
    def one_object(self) -> Iterator[None]:
        yield

    def ask(self, request: Request, check: Check[T], *, api_key: str | None = None) -> T:
        del api_key
        return self._trial.ask(request, check)


def job(trial: Trial, quirks: EntraQuirks = WITHOUT_FLAG) -> Job:
    """Entra's provisioning job on the server under test."""
    return Job(Asking(trial), _COMPANY, quirks)


def person(trial: Trial, number: int = 0, **more: Any) -> Person:
    """Somebody of the company, under a name that only this test has."""
    own: dict[str, Any] = {"user_name": f"{trial.name()}@{DOMAIN}", "object_id": str(uuid4()), "manager_id": None}
    return replace(_COMPANY.people[number], **{**own, **more})


def group(trial: Trial) -> SecurityGroup:
    """A security group, under a name that only this test has."""
    return SecurityGroup(object_id=str(uuid4()), display_name=f"Conformance {trial.name()}", members=frozenset())
