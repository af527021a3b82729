"""Heartbeats and counts of refusals. Rows, not cache entries, because without Redis the cache is each process's own."""

from django.db import models


class Heartbeat(models.Model):
    """When a background process last said that it lives: one row for the worker, one for beat."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class DatabaseRefusal(models.Model):
    """How many requests were answered 503, by why the database could not serve them: one row for each reason."""

    reason = models.CharField(max_length=32, primary_key=True)
    count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.reason}: {self.count}"
