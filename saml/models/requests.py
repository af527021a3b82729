"""Requests of ours that wait for an answer, and messages that were used; each is a row, so that all processes agree."""

from __future__ import annotations

from django.db import models

from saml.models.connections import Connection


class PendingRequest(models.Model):
    """A sign-on or sign-out that was begun and not answered yet.

    ``browser`` is the SHA-256 of a random cookie: only the browser that asked can hand in the answer.
    """

    request_id = models.CharField(primary_key=True, max_length=64)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="pending")
    purpose = models.CharField(
        max_length=10, choices=(("sign_on", "Sign on"), ("test", "Test"), ("sign_out", "Sign out"))
    )
    browser = models.CharField(max_length=64)
    relay_path = models.CharField(max_length=2000, default="/")
    replaces = models.UUIDField(
        null=True, blank=True, help_text="The sign-in that was open in this browser, and ends when this is answered."
    )
    after_unsolicited = models.BooleanField(default=False, help_text="Begun because an unsolicited response arrived.")
    forced_at = models.DateTimeField(null=True, blank=True, help_text="Asked to sign in anew, since this moment.")
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.request_id


class UsedMessage(models.Model):
    """An assertion, response or logout request that was used. Its unique key refuses a replay, for all processes."""

    digest = models.CharField(primary_key=True, max_length=64)
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest
