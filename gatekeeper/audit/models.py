"""The audit trail and the provisioning log: who changed what, and which requests came. Rows are never edited."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from gatekeeper.audit.stored_bodies import unpacked
from gatekeeper.secrets.sealing import SealedField


class AuditEntry(models.Model):
    """One change of state by anybody, written in its transaction; ``chain/links.py`` links it a moment later.

    Two parts of it are personal, and can be erased: who did it (``actor_name``), and whom or what it was done to
    (``object_label``, ``before``, ``after``). Each is covered by a salted digest, its commitment; ``mac`` covers those
    and all the rest, under the key that ``mac_key`` names. ``writer`` and ``number`` are of ``writers.py``.
    ``actor_erased_by`` and ``erased_by`` are the entries of the erasures that blanked a part.

    ``position`` is the place in the chain, ``digest`` covers it and all that came before, under the key that
    ``key_hint`` names; they are empty until it is linked. ``content`` is of entries from before there was a MAC.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now, db_index=True)
    event = models.CharField(max_length=60)
    actor_kind = models.CharField(max_length=30)
    actor_name = models.CharField(max_length=300)
    actor_id = models.CharField(max_length=60, blank=True)
    channel = models.CharField(max_length=30, blank=True, db_column="door")  # the triggers name the column
    request_id = models.CharField(max_length=60, blank=True)
    object_kind = models.CharField(max_length=30)
    object_id = models.CharField(max_length=60, blank=True)
    object_label = models.CharField(max_length=300, blank=True)
    before = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    position = models.BigIntegerField(null=True, unique=True, editable=False)
    content = models.CharField(max_length=64, default="", editable=False)
    digest = models.CharField(max_length=64, default="", editable=False)
    key_hint = models.CharField(max_length=8, default="", editable=False)
    erased_by = models.BigIntegerField(null=True, editable=False)
    actor_erased_by = models.BigIntegerField(null=True, editable=False)
    # Their defaults are the database's too: a process of the version before writes entries while this one starts.
    writer = models.CharField(max_length=24, default="", db_default="", editable=False)
    number = models.BigIntegerField(null=True, editable=False)
    actor_salt = models.CharField(max_length=32, default="", db_default="", editable=False)
    actor_commitment = models.CharField(max_length=64, default="", db_default="", editable=False)
    object_salt = models.CharField(max_length=32, default="", db_default="", editable=False)
    object_commitment = models.CharField(max_length=64, default="", db_default="", editable=False)
    mac = models.CharField(max_length=64, default="", db_default="", editable=False)
    mac_key = models.CharField(max_length=8, default="", db_default="", editable=False)

    class Meta:
        verbose_name = "audit entry"
        verbose_name_plural = "audit trail"
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("object_id", "object_kind", "-id"), name="audit_by_object_id"),
            models.Index(fields=("actor_id",), name="audit_by_actor"),
            # Ascending, though the newest are listed first: PostgreSQL fills pages that grow at their end, no others.
            models.Index(fields=("event", "id"), name="audit_of_event"),
            models.Index(fields=("request_id",), condition=~Q(request_id=""), name="audit_by_request"),
            models.Index(fields=("id",), condition=Q(position=None), name="audit_not_linked_yet"),
            models.Index(fields=("writer", "number"), name="audit_by_writer"),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.object_label}"


class AuditHead(models.Model):
    """The newest link of the trail, in one row that is made with the tables and never goes back.

    ``trail`` identifies this trail; ``mac`` covers it, the position and the digest.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    trail = models.CharField(max_length=32)
    position = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    key_id = models.CharField(max_length=8)
    mac = models.CharField(max_length=64)

    class Meta:
        verbose_name = "newest link of the audit trail"

    def __str__(self) -> str:
        return f"{self.position}:{self.digest}"


class VerificationRun(models.Model):
    """One verification of the whole trail, asked for on a page or by the command; the newest hundred are kept.

    ``total`` links there were when it began, ``checked`` of them were looked at so far. ``position`` and ``digest`` are
    the newest link, ``problems`` what was found: codes with parameters (``chain/problems.py``), in runs of
    earlier releases sentences.
    """

    id = models.BigAutoField(primary_key=True)
    asked_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    progressed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    total = models.BigIntegerField(default=0)
    checked = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)
    position = models.BigIntegerField(null=True)
    digest = models.CharField(max_length=64, blank=True)
    problems = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = "verification of the audit trail"
        verbose_name_plural = "verifications of the audit trail"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.asked_at} {self.checked} of {self.total}"

    @property
    def head_text(self) -> str:
        """The newest link, as ``audit head`` prints it."""
        return f"{self.position}:{self.digest}" if self.position else ""


def former_key_purpose(key_id: str) -> str:
    """What a former key is sealed for: one cannot be passed off as another."""
    return f"audit key {key_id}"


class FormerKey(models.Model):
    """A key of the audit trail from a former SECRET_KEY, sealed under the present one, so that old entries verify.

    The seal also holds the last position that the key may have made.
    """

    key_id = models.CharField(primary_key=True, max_length=8)
    sealed_key = SealedField(purpose=lambda row: former_key_purpose(row.key_id))
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "former key of the audit trail"
        verbose_name_plural = "former keys of the audit trail"

    def __str__(self) -> str:
        return self.key_id


class AuditSegment(models.Model):
    """A part of the trail from its beginning on that was exported to a file and sealed (``docs/audit.md``).

    The links ``first`` to ``last`` are in the file; ``before`` and ``after`` are the digests of the links before
    ``first`` and at ``last``, ``since`` and ``until`` the earliest and latest moment. ``writers`` has the last number
    of each writer in it, ``keys`` the ids of the keys that made it. ``entry`` is the trail's own entry about the seal.
    ``mac`` covers all of these. ``deleted_at``: since when the entries are in the file only; the newest such segment is
    where the table begins. ``revision`` grows when a person's parts are erased in the file, and is in the file's name.
    """

    number = models.PositiveIntegerField(primary_key=True)
    revision = models.PositiveIntegerField(default=0)
    first = models.BigIntegerField()
    last = models.BigIntegerField(unique=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    before = models.CharField(max_length=64, blank=True)
    after = models.CharField(max_length=64)
    size = models.BigIntegerField(help_text="Bytes of the file.")
    sha256 = models.CharField(max_length=64)
    writers = models.JSONField(default=dict)
    keys = models.JSONField(default=list)
    machine = models.CharField(max_length=255, blank=True, help_text="Whose DATA_DIR the file was written to.")
    entry = models.BigIntegerField()
    sealed_at = models.DateTimeField()
    key_id = models.CharField(max_length=8)
    mac = models.CharField(max_length=64)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "sealed segment of the audit trail"
        verbose_name_plural = "sealed segments of the audit trail"
        ordering = ("number",)

    def __str__(self) -> str:
        return self.file

    @property
    def file(self) -> str:
        """The file's name; it follows from numbers, so that no path comes from the database."""
        return segment_file(self.number, self.revision)

    @property
    def entries(self) -> int:
        return self.last - self.first + 1


def segment_file(number: int, revision: int) -> str:
    """The name of a segment's file."""
    return f"audit-{number:06}{f'.r{revision}' if revision else ''}.jsonl.gz"


class SegmentErasure(models.Model):
    """A person who was erased, and whose parts in the files of segments are still to be."""

    person = models.UUIDField(primary_key=True)
    asked_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.person)


class SealingRun(models.Model):
    """One run that exports and seals what is old enough; the newest hundred are kept.

    ``failure``: a code of ``segments/refusals.py`` with its parameters; null when all went well. A run that was killed
    has no ``finished_at``.
    """

    id = models.BigAutoField(primary_key=True)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    segments = models.PositiveIntegerField(default=0)
    entries = models.BigIntegerField(default=0)
    failure = models.JSONField(null=True)

    class Meta:
        verbose_name = "sealing of the audit trail"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.started_at}: {self.segments} segments"


class Outcome(models.TextChoices):
    CHANGED = "changed", _("Changed something")
    UNCHANGED = "unchanged", _("Nothing to change")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")
    READ = "read", _("Read")


BODIES = ("bodies", "former_request", "former_answer")  # columns that lists do not read


class ProvisioningEntry(models.Model):
    """One SCIM request that changed something, was refused or failed, or a read while an administrator traces them.

    ``changed``, ``reason`` and ``warnings`` hold codes with parameters (``provisioning_codes.py``), of which
    ``provisioning_texts.py`` makes text. ``detail`` is that of the SCIM Error message, as the client got it.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    request_id = models.CharField(max_length=60, db_index=True)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    query = models.CharField(max_length=2000, blank=True)
    status = models.PositiveSmallIntegerField()
    milliseconds = models.PositiveIntegerField(
        null=True, help_text="From the arrival of the request until this entry was written; null: not known."
    )
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    key_id = models.CharField(max_length=60, blank=True)
    key_name = models.CharField(max_length=200, blank=True)
    user_id = models.UUIDField(null=True, blank=True)
    user_label = models.CharField(max_length=300, blank=True)
    group_id = models.UUIDField(null=True, blank=True)
    group_label = models.CharField(max_length=300, blank=True)
    detail = models.CharField(max_length=1000, blank=True, help_text="The detail of the Error message.")
    # Their defaults are the database's too: a process of the version before writes entries while this one starts.
    reason = models.CharField(max_length=60, default="", db_default="", blank=True)
    parameters = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    bodies = models.BinaryField(
        null=True, blank=True, help_text="Of request and answer, as stored_bodies.py packs them."
    )
    # Of entries of earlier releases, which are read as they are.
    former_request = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder, db_column="request")
    former_answer = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder, db_column="answer")
    changed = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    ignored = models.JSONField(default=list, blank=True, encoder=DjangoJSONEncoder)
    warnings = models.JSONField(null=True, blank=True, help_text="A list of codes with parameters, or null.")

    class Meta:
        verbose_name = "provisioning entry"
        verbose_name_plural = "provisioning log"
        ordering = ("-id",)
        indexes = (
            # Ascending, though the newest are listed first: PostgreSQL fills pages that grow at their end, no others.
            models.Index(fields=("at",), name="provisioning_at"),
            models.Index(fields=("outcome", "id"), name="provisioning_of_outcome"),
            models.Index(fields=("user_id", "id"), condition=Q(user_id__isnull=False), name="provisioning_of_user"),
            models.Index(fields=("group_id", "id"), condition=Q(group_id__isnull=False), name="provisioning_of_group"),
            models.Index(fields=("key_id", "id"), name="provisioning_of_credential"),
            models.Index(fields=("reason", "-id"), condition=~Q(reason=""), name="provisioning_by_reason"),
        )

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"

    @property
    def request(self) -> Any:
        """The body of the request, as far as it is kept."""
        return self.former_request if self.bodies is None else unpacked(self.bodies)[0]

    @property
    def answer(self) -> Any:
        """The body of the answer, as far as it is kept."""
        return self.former_answer if self.bodies is None else unpacked(self.bodies)[1]


class RequestCount(models.Model):
    """The SCIM requests of one minute with one credential. Thousands a cycle, listed singly, would say nothing.

    ``requests`` were let in, and ``reads`` are those of them that succeeded; ``throttled`` and ``refused_address`` were
    refused before anything else was done.
    """

    minute = models.DateTimeField()
    key_id = models.CharField(max_length=60)
    reads = models.PositiveIntegerField(default=0, db_column="count")
    # Their defaults are the database's too: a process of the version before writes counts while this one starts.
    requests = models.PositiveIntegerField(default=0, db_default=0)
    throttled = models.PositiveIntegerField(default=0, db_default=0)
    refused_address = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "audit_readcount"
        constraints = (models.UniqueConstraint(fields=("minute", "key_id"), name="read_count_one_a_minute_and_key"),)

    def __str__(self) -> str:
        return f"{self.requests} in {self.minute}"


class Tracing(models.Model):
    """An administrator wanted reads listed too, from ``since`` to ``until``; stopping early moves ``until``."""

    since = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(db_index=True)
    started_by = models.CharField(max_length=300)

    class Meta:
        verbose_name_plural = "tracing"

    def __str__(self) -> str:
        return f"{self.since} to {self.until}"
