"""Authentication, which django-scim2 leaves to the project: a bearer key by its SHA-256, without a query."""

import hashlib
import hmac
import os
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from bench.peers.django_scim2.models import User

DIGEST = hashlib.sha256(os.environ.get("PEER_KEY", "").encode()).hexdigest()
CLIENT = User(pk=0, username="client")


class BearerKey:
    """Sets the user of a request that carries the key."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if hmac.compare_digest(hashlib.sha256(key.encode()).hexdigest(), DIGEST):
            request.user = CLIENT
        return self.get_response(request)
