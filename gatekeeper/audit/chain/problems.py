"""What a verification finds: codes with parameters, which a run stores, and of which text is made where it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gatekeeper.audit.models import AuditEntry
from gatekeeper.stored_texts import text_of_code

Values = tuple[tuple[str, str | int], ...]


class Fault(StrEnum):
    """What is wrong with a single entry."""

    NO_MAC = "no_mac"
    OTHER_KEY = "other_key"
    KEY_NOT_IN_USE = "key_not_in_use"
    MOVED = "moved"
    ALTERED = "altered"
    BLANKED = "blanked"
    COPY = "copy"
    NOT_LINKED_SO = "not_linked_so"


class Code(StrEnum):
    """What is wrong; ``entry``, ``at`` and ``event`` are of the entry that it is about."""

    FAULT = "fault"  # entry, fault
    UNLINKED = "unlinked"  # entry, fault
    DAMAGE = "damage"  # entry, damage: the sentence that the trail itself holds, quoted
    CARRIED_OVER = "carried_over"  # text: a sentence that the trail holds since an upgrade, quoted
    LINK_MISSING = "link_missing"  # first
    LINKS_TAKEN = "links_taken"  # entry, first, last
    WRITER_ORDER = "writer_order"  # entry
    WRITER_GAP = "writer_gap"  # entry, count
    OUTSIDE = "outside"  # entry, position
    RECORD_ALTERED = "record_altered"
    RECORD_OTHER_KEY = "record_other_key"
    RECORD_REMOVED = "record_removed"
    RECORD_WENT_BACK = "record_went_back"  # first, last
    OTHER_DIGEST = "other_digest"  # first
    CUT_OFF = "cut_off"  # entry, first
    ALL_CUT_OFF = "all_cut_off"  # first
    BEFORE_THE_SEAL = "before_the_seal"  # entry, position
    SEAL_ALTERED = "seal_altered"  # number: of the segment, as in the next ones
    SEAL_OTHER_KEY = "seal_other_key"  # number
    SEAL_ELSEWHERE = "seal_elsewhere"  # number
    SEAL_NOT_IN_TRAIL = "seal_not_in_trail"  # number
    SEAL_WENT_BACK = "seal_went_back"  # number
    SEGMENT_REMOVED = "segment_removed"  # number
    HEAD_IN_A_FILE = "head_in_a_file"  # first
    FILE_MISSING = "file_missing"  # file, machine
    FILE_UNREADABLE = "file_unreadable"  # file, reason
    FILE_CHANGED = "file_changed"  # file
    FILE_CUT = "file_cut"  # file, count, entries
    FILE_REPLACED = "file_replaced"  # file, number: of the segment that it holds
    FILE_ORDER = "file_order"  # file, position


# Each goes on behind the entry's name, or behind "it": "Entry 5 of … is not what was written."
FAULTS: Final[Mapping[str, Promise]] = {
    Fault.NO_MAC: gettext_lazy("has no MAC: this site did not write it"),
    Fault.OTHER_KEY: gettext_lazy("was written under another SECRET_KEY; give that key to check it"),
    Fault.KEY_NOT_IN_USE: gettext_lazy("was written under a SECRET_KEY that was no longer in use"),
    Fault.MOVED: gettext_lazy("does not stand where it stood at the upgrade"),
    Fault.ALTERED: gettext_lazy("is not what was written"),
    Fault.BLANKED: gettext_lazy("is not what was written, and no erasure explains it"),
    Fault.COPY: gettext_lazy("is a copy of an entry, or was taken out of the chain"),
    Fault.NOT_LINKED_SO: gettext_lazy(
        "was not linked as number %(position)s by this site, or the link before it was altered"
    ),
}
TEXTS: Final[Mapping[str, Promise]] = {
    Code.FAULT: gettext_lazy("%(named)s %(faulty)s."),
    Code.UNLINKED: gettext_lazy("%(named)s is not linked: it %(faulty)s."),
    Code.DAMAGE: gettext_lazy("%(named)s records damage: %(damage)s"),
    Code.LINK_MISSING: gettext_lazy("Link %(first)s is missing: an entry was deleted."),
    Code.WRITER_ORDER: gettext_lazy("%(named)s stands behind one that its writer wrote later."),
    Code.WRITER_GAP: gettext_lazy("%(count)s of the same writer are missing before %(named)s: they were deleted."),
    Code.OUTSIDE: gettext_lazy("%(named)s stands at %(position)s, where no link is."),
    Code.RECORD_ALTERED: gettext_lazy("The record of the newest link was altered."),
    Code.RECORD_OTHER_KEY: gettext_lazy("The record of the newest link was written under another SECRET_KEY."),
    Code.RECORD_REMOVED: gettext_lazy("The record of the newest link was removed."),
    Code.RECORD_WENT_BACK: gettext_lazy(
        "The record of the newest link went back from link %(first)s to link %(last)s."
    ),
    Code.OTHER_DIGEST: gettext_lazy("Link %(first)s has another digest than the one that was written down."),
    Code.CUT_OFF: gettext_lazy("Link %(first)s existed and is missing: the trail was cut off after %(named)s."),
    Code.ALL_CUT_OFF: gettext_lazy(
        "Link %(first)s existed and is missing: the trail was cut off from the beginning on."
    ),
    Code.BEFORE_THE_SEAL: gettext_lazy(
        "%(named)s stands at %(position)s, which is in a sealed segment: it was put back."
    ),
    Code.SEAL_ALTERED: gettext_lazy("The seal of segment %(number)s was altered, or this site did not make it."),
    Code.SEAL_OTHER_KEY: gettext_lazy("The seal of segment %(number)s was made under another SECRET_KEY."),
    Code.SEAL_ELSEWHERE: gettext_lazy("Segment %(number)s does not go on where the one before it ends."),
    Code.SEAL_NOT_IN_TRAIL: gettext_lazy("The trail has no entry of the seal of segment %(number)s."),
    Code.SEAL_WENT_BACK: gettext_lazy("The seal of segment %(number)s is an earlier one; it was put back."),
    Code.SEGMENT_REMOVED: gettext_lazy("The seal of segment %(number)s was removed."),
    Code.HEAD_IN_A_FILE: gettext_lazy(
        "Link %(first)s is in a sealed segment; give --segments to compare it with the file."
    ),
    Code.FILE_MISSING: gettext_lazy("The file %(file)s is missing; it was written on %(machine)s."),
    Code.FILE_UNREADABLE: gettext_lazy("The file %(file)s cannot be read: %(reason)s"),
    Code.FILE_CHANGED: gettext_lazy("The file %(file)s is not what was sealed."),
    Code.FILE_CUT: gettext_lazy("The file %(file)s has %(count)s entries, and %(entries)s were sealed: it was cut."),
    Code.FILE_REPLACED: gettext_lazy("The file %(file)s holds segment %(number)s: it was replaced."),
    Code.FILE_ORDER: gettext_lazy("In the file %(file)s link %(position)s does not stand where it was sealed."),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with the trail. ``str()`` of it is a sentence in the language of whoever reads it."""

    code: str
    values: Values = ()

    @classmethod
    def of(cls, code: Code, **values: str | int) -> Self:
        """A problem of the trail itself."""
        return cls(code, tuple(values.items()))

    @classmethod
    def with_entry(cls, code: Code, entry: AuditEntry, **values: str | int) -> Self:
        """A problem that an entry shows."""
        return cls.of(code, entry=entry.pk, at=f"{entry.at:%Y-%m-%d %H:%M:%S}", event=entry.event, **values)

    def kept_by(self, file: str) -> Self:
        """The same, as a file beside the database shows it."""
        return type(self)(self.code, (*self.values, ("kept_by", file)))

    @property
    def document(self) -> dict[str, Any]:
        """As a run stores it."""
        return {"code": self.code, **dict(self.values)}

    def __str__(self) -> str:
        return problem_text(self.document)


def problem_text(stored: Mapping[str, Any] | str) -> str:
    """A problem as a sentence. One that was stored before there were codes is a sentence, and stays as it is."""
    if isinstance(stored, str):
        return stored
    values = dict(stored)
    code = str(values.pop("code", ""))
    if code == Code.CARRIED_OVER:
        return str(values.get("text", ""))
    if "entry" in values:
        values["named"] = _("Entry %(entry)s of %(at)s UTC (%(event)s)") % values
    if "fault" in values:
        values["faulty"] = text_of_code(FAULTS, str(values["fault"]), values)
    text = _links_taken(values) if code == Code.LINKS_TAKEN else text_of_code(TEXTS, code, values)
    if "kept_by" in values:
        return _("%(problem)s (%(file)s keeps it.)") % {"problem": text, "file": values["kept_by"]}
    return text


def _links_taken(values: Mapping[str, Any]) -> str:
    number = int(values["last"]) - int(values["first"]) + 1
    text = ngettext(
        "Link %(last)s is missing before %(named)s: somebody took them out of the chain.",
        "Links %(first)s to %(last)s are missing before %(named)s: somebody took them out of the chain.",
        number,
    )
    return text % values
