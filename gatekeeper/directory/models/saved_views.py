"""What a person keeps of the lists: views with names, and the columns that they chose."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from gatekeeper.directory.models.users import User


class SavedView(models.Model):
    """A list as somebody saw it: its filters, order and columns under a name of theirs.

    ``list_name`` is the address of the list, ``query`` what stands behind the question mark. It grants nothing: whoever
    opens it needs what the list needs. A shared one is seen by everybody who may open the list.
    """

    owner = models.ForeignKey(User, db_index=False, on_delete=models.CASCADE, related_name="saved_views")
    list_name = models.CharField(max_length=40)
    name = models.CharField(max_length=60)
    name_folded = models.CharField(max_length=120, editable=False)
    query = models.CharField(max_length=2000)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("name_folded", "id")
        constraints = (
            models.UniqueConstraint(fields=("owner", "list_name", "name_folded"), name="saved_view_one_per_name"),
        )
        indexes = (models.Index(fields=("list_name",), condition=Q(is_shared=True), name="saved_view_shared"),)

    def __str__(self) -> str:
        return self.name


class ChosenColumns(models.Model):
    """The columns of a list that somebody chose the last time, by their names."""

    user = models.ForeignKey(User, db_index=False, on_delete=models.CASCADE, related_name="chosen_columns")
    list_name = models.CharField(max_length=40)
    columns = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("user", "list_name"), name="chosen_columns_one_per_list"),)

    def __str__(self) -> str:
        return f"{self.user_id} of {self.list_name}"
