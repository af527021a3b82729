"""The table into which the twin of a write inserts. It is no part of the site: who measures creates it."""

from django.db import connection, models


class TwinRow(models.Model):
    """A key and a text: the least that a write can be."""

    body = models.TextField()

    class Meta:
        app_label = "bench_twins"

    def __str__(self) -> str:
        return str(self.pk)


def create_table() -> None:
    """Make the table in the database of this process."""
    with connection.schema_editor() as editor:
        editor.create_model(TwinRow)
