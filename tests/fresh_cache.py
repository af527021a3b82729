"""A cache in which nothing is kept, without emptying Redis, which other test processes use meanwhile."""

from uuid import uuid4

from django.core.cache import cache


def forget_what_is_kept() -> None:
    """What was kept until now is under names that nobody asks for any more."""
    cache.key_prefix = uuid4().hex
