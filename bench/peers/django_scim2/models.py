"""Users and groups with django-scim2's own mixins."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django_scim.models import AbstractSCIMGroupMixin, AbstractSCIMUserMixin


class User(AbstractSCIMUserMixin, AbstractUser):
    """Django's user; the e-mail has an index, as whoever filters by it would give it."""

    email = models.EmailField(blank=True, db_index=True)
    scim_groups = models.ManyToManyField("Group", related_name="user_set")


class Group(AbstractSCIMGroupMixin):
    """A group of users."""

    name = models.CharField(max_length=512, db_index=True)
