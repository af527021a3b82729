"""Every refusal of the directory has an answer in SCIM words."""

import importlib
import pkgutil
from http import HTTPStatus

import pytest

import gatekeeper.directory
import scim
from gatekeeper.errors import DomainError, GroupNameTaken, SignInRefused, UnknownMembers, UserNameTaken, VersionMismatch
from scim.http.dispatch import refusal
from scim.http.errors import SCIM_ANSWER, ScimProblem, answer_to

SCIM_TYPES = {
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
}


def descendants(kind):
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def test_every_domain_error_has_a_scim_answer():
    for package in (gatekeeper.directory, scim):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if "management" not in module.name:
                importlib.import_module(module.name)

    for kind in descendants(DomainError):
        status, scim_type = next(SCIM_ANSWER[each] for each in kind.__mro__ if each in SCIM_ANSWER)
        assert 400 <= status < 500
        assert scim_type is None or scim_type in SCIM_TYPES
        assert (scim_type is None) == (status not in (400, 409)) or kind.__name__ in (
            "NobodyCouldConfigure",
            "HeldForApproval",
        )


def test_every_problem_of_the_door_has_a_known_type():
    for kind in descendants(ScimProblem):
        assert kind.scim_type is None or kind.scim_type in SCIM_TYPES
        assert HTTPStatus(kind.status)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (UserNameTaken("a"), (409, "uniqueness")),
        (GroupNameTaken("a"), (409, "uniqueness")),
        (UnknownMembers(["a"]), (400, "invalidValue")),
        (VersionMismatch(), (412, None)),
        (SignInRefused("deleted", "no"), (403, None)),
    ],
)
def test_the_answers_are_those_of_the_rfc(error, answer):
    assert answer_to(error) == answer
    document = refusal(error).document
    assert document["status"] == str(answer[0])
    assert document["detail"] == str(error)
