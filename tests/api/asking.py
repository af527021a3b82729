"""Asking the management API as a program does."""

from django.apps import apps
from django.test import Client


def ask(text, path="me", scheme="Bearer", **more):
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"{scheme} {text}"}, **more)


def refusal(text, **more):
    """The one line with which the API refuses this token."""
    answer = ask(text, **more)
    assert (answer.status_code, set(answer.json())) == (401, {"detail"})
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "\n" not in answer.json()["detail"]
    return answer.json()["detail"]


def everything_stored():
    return "\n".join(str(list(model.objects.values())) for model in apps.get_models())
