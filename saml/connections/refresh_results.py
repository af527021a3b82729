"""The result of reading a connection's metadata again: a code with parameters; its text is made when it is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from saml.refusals.metadata_texts import stored_text


class RefreshCode(StrEnum):
    """The values are stored with each sync run."""

    TEXT = "text"  # A sentence from before there were codes; its parameter ``text`` is that sentence.
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    CERTIFICATES_CHANGED = "certificates_changed"  # added, withdrawn: how many
    KEPT = "kept"  # reason: the stored Finding, why the new document was refused
    DELETED = "deleted"
    NOT_READ = "not_read"
    INTERNAL_ERROR = "internal_error"  # reference: where the log has the whole of it


@dataclass(frozen=True, slots=True)
class RefreshResult:
    """``parameters`` may also have ``not_used`` (stored Findings about parts) and ``wants_signed_requests``."""

    code: RefreshCode
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def stored(self, connection: str) -> dict[str, Any]:
        """The entry of a sync run about the connection of this name."""
        return {"connection": connection, "code": self.code.value, "parameters": dict(self.parameters)}

    def __str__(self) -> str:
        return result_text({"code": self.code.value, "parameters": self.parameters})


def result_text(entry: Mapping[str, Any]) -> str:
    """The text of a sync run's entry about one connection. Former versions stored sentences in it."""
    if "result" in entry:
        return str(entry["result"])
    parameters = entry.get("parameters") or {}
    parts = [_main_text(entry.get("code", ""), parameters)]
    sentences = [*parameters.get("left_out", ()), *map(stored_text, parameters.get("not_used", ()))]
    if sentences:
        parts.append(_("left out: %(sentences)s") % {"sentences": " ".join(sentences)})
    if parameters.get("wants_signed_requests"):
        parts.append(_("the identity provider wants signed requests, and the setting for them is off"))
    return "; ".join(parts)


def _main_text(code: str, parameters: Mapping[str, Any]) -> str:
    if code == RefreshCode.CERTIFICATES_CHANGED:
        added = ngettext("%(count)s certificate added", "%(count)s certificates added", parameters["added"])
        withdrawn = _("%(count)s withdrawn") % {"count": parameters["withdrawn"]}
        return f"{added % {'count': parameters['added']}}, {withdrawn}"
    if code == RefreshCode.KEPT:
        reason = parameters["reason"]
        text = reason if isinstance(reason, str) else stored_text(reason)
        return _("kept the last good document: %(reason)s") % {"reason": text}
    if code == RefreshCode.INTERNAL_ERROR:
        return _("failed: internal error; the log says what, under %(reference)s") % parameters
    if code == RefreshCode.TEXT:
        return str(parameters["text"])
    return {
        RefreshCode.UNCHANGED.value: _("unchanged"),
        RefreshCode.CHANGED.value: _("changed"),
        RefreshCode.DELETED.value: _("deleted meanwhile"),
        RefreshCode.NOT_READ.value: _("not read this time: others took too long; it comes first in the next run"),
    }.get(code, code)
