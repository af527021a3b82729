"""Other parties' signed tokens: their published keys, and the tokens that were used."""

from datetime import UTC, datetime

from django.db import models

LONG_AGO = datetime.min.replace(tzinfo=UTC, year=1970)


class KeySet(models.Model):
    """The last good JWK Set (RFC 7517 §5) of an address. One row for all processes, so that they ask together."""

    url = models.CharField(max_length=1000, unique=True)
    document = models.TextField(blank=True, default="")
    fetched_at = models.DateTimeField(default=LONG_AGO, help_text="When the document was last found good.")
    tried_at = models.DateTimeField(default=LONG_AGO, help_text="When the address was last asked.")
    problem = models.CharField(max_length=500, blank=True, default="", help_text="Why the last try brought nothing.")

    def __str__(self) -> str:
        return self.url


class UsedToken(models.Model):
    """A token that was used. The primary key prevents a second use, in all processes."""

    digest = models.CharField(primary_key=True, max_length=64)
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.digest
