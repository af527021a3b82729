"""The floor of each request: what a Django view costs that does the least such a request can do.

A key is looked up by its SHA-256, and a row is read, both through the ORM; a write inserts one row besides.
"""

import hashlib

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from bench.twins.models import TwinRow
from gatekeeper.directory.models import User
from scim.models import ApiKey

MEDIA_TYPE = "application/scim+json"
FIELDS = (
    "id",
    "user_name",
    "external_id",
    "display_name",
    "work_email",
    "active",
    "attributes",
    "version",
    "created_at",
    "updated_at",
)
PAGE = 100  # rows
BODY = b'{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"1"}' + b" " * 900


def constant(request: HttpRequest) -> HttpResponse:
    """As many bytes as a user has, without a query."""
    len(request.body)
    return HttpResponse(BODY, content_type=MEDIA_TYPE)


def read(request: HttpRequest, user_id: object) -> HttpResponse:
    """The twin of a read."""
    authenticate(request)
    return answer(user_id)


def write(request: HttpRequest, user_id: object) -> HttpResponse:
    """The twin of a write: the read, and one INSERT in a transaction."""
    authenticate(request)
    body = request.body.decode()
    with transaction.atomic():
        TwinRow.objects.create(body=body)
    return answer(user_id)


def page(request: HttpRequest) -> HttpResponse:
    """The twin of a page: the same read of a hundred rows, as dictionaries."""
    authenticate(request)
    rows = list(User.objects.order_by("id").values(*FIELDS)[:PAGE])
    return JsonResponse({"Resources": rows}, content_type=MEDIA_TYPE)


def authenticate(request: HttpRequest) -> ApiKey:
    """The key of the request; DoesNotExist, which ends a measurement, for any other."""
    key = request.headers["Authorization"].removeprefix("Bearer ")
    return ApiKey.objects.get(digest=hashlib.sha256(key.encode()).hexdigest())


def answer(user_id: object) -> HttpResponse:
    """One row, read as a model."""
    user = User.objects.get(pk=user_id)
    return JsonResponse({name: getattr(user, name) for name in FIELDS}, content_type=MEDIA_TYPE)
