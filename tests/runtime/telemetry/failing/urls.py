"""The site's addresses, and those of what fails."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from gatekeeper.directory.models import User
from gatekeeper.urls import *  # noqa: F403
from gatekeeper.urls import urlpatterns as the_site_s
from tests.runtime.telemetry.failing.tasks import fail_with


@csrf_exempt
def fails(request: HttpRequest, name: str) -> HttpResponse:
    """With whatever the request holds in variables, in a chain of exceptions, and in their texts."""
    held = {"name": name, "query": request.GET.dict(), "headers": dict(request.headers), "body": request.body.decode()}
    try:
        raise LookupError(f"nothing of {held}")
    except LookupError as error:
        raise RuntimeError(f"failed with {held}") from error


@csrf_exempt
def sends(request: HttpRequest, name: str) -> HttpResponse:
    """A task with the name as its argument, after a statement."""
    User.objects.filter(user_name=name).exists()
    fail_with.delay(name, secret=request.body.decode())
    return HttpResponse("sent")


urlpatterns = [
    path("fails/<str:name>/", fails, name="fails"),
    path("sends/<str:name>/", sends, name="sends"),
    *the_site_s,
]
