"""Former names of users, groups and teams."""

from django.db import models


class FormerName(models.Model):
    """What a user, group or team was called until it was renamed; the present name stands in its own row.

    The service that renames writes it, so nothing is stored for an object that keeps its name. The name that held at a
    moment is in the first row that ended after it.
    """

    object_id = models.UUIDField()
    name = models.CharField(max_length=512)
    name_folded = models.CharField(max_length=1024)
    work_email = models.CharField(max_length=512, null=True)
    work_email_folded = models.CharField(max_length=1024, null=True)
    until = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("object_id", "until"), name="former_name_by_object"),
            models.Index(fields=("name_folded",), name="former_name_by_name"),
            models.Index(fields=("work_email_folded",), name="former_name_by_work_email"),
        )

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"
