"""The floor: Django, the same server, one view that answers a constant user. Nothing of the site is in it."""

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import re_path

BODY = (
    b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1","userName":"a@b","active":true}' + b" " * 900
)


def answer(request: HttpRequest) -> HttpResponse:
    """Answer as many bytes as a real user has, after reading what was sent."""
    len(request.body)
    return HttpResponse(BODY, content_type="application/scim+json")


urlpatterns = [re_path("", answer)]
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[], SECRET_KEY="floor", DATABASES={})
django.setup()
application = WSGIHandler()
