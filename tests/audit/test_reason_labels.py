"""Each reason for which SCIM refuses has words: a list of the log shows no code."""

import pytest

from gatekeeper import errors
from gatekeeper.audit.provisioning_texts import reason_label
from scim.http import errors as http_errors
from scim.protocol.errors import ScimError


def kinds(parent: type[Exception]) -> set[type[Exception]]:
    return {parent}.union(*(kinds(kind) for kind in parent.__subclasses__()))


REASONS = {
    # uniqueness is a scimType; the reasons behind it are those of the directory's refusals
    *(kind.reason or kind.scim_type for kind in kinds(ScimError)),  # type: ignore[attr-defined]
    *(
        kind.code
        for kind in (
            errors.UserNotFound,
            errors.GroupNotFound,
            errors.UserNameTaken,
            errors.GroupNameTaken,
            errors.InvalidValue,
            errors.UnknownMembers,
            errors.VersionMismatch,
            errors.NobodyCouldConfigure,
            errors.HeldForApproval,
            errors.PrivilegeHeld,
        )
    ),
} - {None, ""}


@pytest.mark.parametrize("code", sorted(str(reason) for reason in REASONS))
def test_a_reason_is_said_in_words(code: str) -> None:
    assert http_errors.InternalError in kinds(ScimError)
    assert reason_label(code) != code
    assert "_" not in reason_label(code)
