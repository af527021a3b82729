"""Gatekeeper. The Celery app is made here, so that a task sent from a page finds its broker."""

from gatekeeper.celery import app as celery_app

__all__ = ["celery_app"]
