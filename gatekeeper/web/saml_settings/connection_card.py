"""Where every change of a connection ends: on the Authentication page, with that connection open."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


def back_to(connection_id: UUID) -> HttpResponse:
    """The page, with that connection open."""
    return redirect(f"{reverse('web:authentication')}?connection={connection_id}")
