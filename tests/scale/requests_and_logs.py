"""The logs: requests of the identity provider, sign-in attempts, events, runs of the sync, and the audit trail."""

from datetime import datetime, timedelta

from gatekeeper.audit.models import AuditEntry, ProvisioningEntry, RequestCount
from gatekeeper.events.models import OutboxEvent
from saml.models import SignInAttempt, SyncRun
from tests.scale.audit_entries import copy_audit_entries
from tests.scale.company import A_DAY, Part, id_of
from tests.scale.copies import copy_rows

GROUPS_OF_ONE_KIND = ("GK Everybody", "GK Deleted")


class Logs(Part):
    """Each method fills a table."""

    def requests(self) -> None:
        """Requests like the first ones, about everybody and every group in turn, over thirty days."""
        count, number = self.size.log_entries, f"(n % {self.size.people} + 1)"
        group = f"(n % {self.size.groups - 1} + 2)"
        words = {"group0": f"'group' || {group}", str(self.first.group.pk): self.sql.uuid_text(f"'group' || {group}")}
        entries = list(ProvisioningEntry.objects.exclude(group_label__in=GROUPS_OF_ONE_KIND).order_by("id"))
        about_groups = [entry for entry in entries if entry.group_id]  # most requests of an identity provider
        copy_rows(
            entries + 4 * about_groups,
            f"n <= {count}",
            self.words(number) | words,
            at=self.since(30, count),
            request_id=self.sql.uuid_text("'request' || n"),
            user_id=f"CASE WHEN t.user_id IS NOT NULL THEN {self.id_of('person', number)} END",
            group_id=f"CASE WHEN t.group_id IS NOT NULL THEN {self.id_of('group', group)} END",
        )

    def attempts(self) -> None:
        count = self.size.people
        copy_rows(
            list(SignInAttempt.objects.order_by("id")),
            f"n <= {count}",
            at=self.since(30, count),
            request_id=self.sql.uuid_text("'attempt' || n"),
            user_id=self.id_of("person", f"(n % {count} + 1)"),
        )

    def events(self) -> None:
        count = self.size.people
        copy_rows(
            list(OutboxEvent.objects.filter(object_key__endswith=str(self.first.person.pk)).order_by("id")),
            f"n <= {count}",
            self.words(),
            occurred_at=self.since(30, count),
            public_id=self.sql.uuid("'event' || n"),
            is_queued="TRUE",
        )

    def reads(self) -> None:
        """A minute for each ten people."""
        first = RequestCount.objects.create(minute=self.now.replace(second=0), key_id="Entra", reads=90)
        copy_rows([first], f"n <= {self.size.people // 10}", minute=self.sql.moment(first.minute, "-60 * n"))

    def runs(self) -> None:
        """Runs of the sync: one for each ten people."""
        moment = self.since(360, self.size.people // 10)
        copy_rows(
            [SyncRun.objects.get()],
            f"n <= {self.size.people // 10}",
            id=self.id_of("run"),
            started_at=moment,
            finished_at=moment,
        )

    def audit(self) -> None:
        first = [str(self.first.person.pk), str(self.first.group.pk)]
        entries = list(AuditEntry.objects.filter(object_id__in=first).order_by("id"))
        copy_audit_entries(entries, self.size.audit_entries, self._audit_words, self._audit_moment)

    def _audit_words(self, number: int) -> dict[str, str]:
        person, group = number % self.size.people + 1, number % (self.size.groups - 1) + 2
        return {
            str(self.first.person.pk): str(id_of("person", person)),
            str(self.first.group.pk): str(id_of("group", group)),
            "person0": f"person{person}",
            "mail0": f"mail{person + (person % 100 == 2)}",
            "Given0": f"Given{person % 1000}",
            "Family0": f"Family{person % 977}",
            "group0": f"group{group}",
        }

    def _audit_moment(self, number: int) -> datetime:
        return self.now - timedelta(seconds=(self.size.audit_entries - number) * 360 * A_DAY / self.size.audit_entries)
