"""The pulse over HTTP. No session, no key: these addresses are for the machines beside the site."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gatekeeper.health.checks import Status, as_documents, run_readiness_checks
from gatekeeper.health.metrics import render


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process answers. It asks nobody else, so that a database that is away restarts no web server."""
    del request
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether traffic may be sent here: 200, or 503 with each check and what to do."""
    del request
    checks = run_readiness_checks()
    ready = all(check.status is not Status.FAILED for check in checks)
    document = {"status": "ready" if ready else "not ready", "checks": as_documents(checks)}
    return JsonResponse(document, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The gauges of health/metrics.py for Prometheus."""
    del request
    return HttpResponse(render(), content_type=CONTENT_TYPE_LATEST)
