"""Signs of life. Rows, not cache entries, because without Redis the cache is each process's own."""

from django.db import models


class Heartbeat(models.Model):
    """When a background process last said that it lives: one row for the worker, one for beat."""

    name = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
