"""A task that fails with what it was given."""

from celery import shared_task

from gatekeeper.directory.models import User


@shared_task(name="tests.fail_with")
def fail_with(name: str, secret: str) -> None:
    """A statement, then an exception."""
    User.objects.filter(user_name=name).exists()
    raise RuntimeError(f"{name} with {secret}")
