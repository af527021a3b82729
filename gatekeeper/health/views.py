"""Health over HTTP. No session: these addresses are for the machines beside the site."""

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from gatekeeper.health.checks.running import as_documents, is_ready, run_readiness_checks
from gatekeeper.health.metrics import render
from gatekeeper.outbound.public_addresses import site_is_local
from gatekeeper.runtime.web_server.draining import is_draining
from gatekeeper.secrets.bearer_keys import bearer_credentials


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """Whether this process answers. It asks nobody else, so that a database that is away restarts no web server."""
    del request
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether traffic may be sent here: 200, or 503. Every check is listed, also what is no reason for 503."""
    del request
    checks = run_readiness_checks()
    ready = is_ready(checks) and not is_draining()
    status = "stopping" if is_draining() else "ready" if ready else "not ready"
    document = {"status": status, "checks": as_documents(checks)}
    return JsonResponse(document, status=HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The gauges of health/metrics.py for Prometheus, for whoever brings METRICS_TOKEN.

    Without one they are for this machine only: where the site is public, everybody could read how large it is.
    """
    if settings.METRICS_TOKEN:
        token = bearer_credentials(request.headers.get("Authorization", ""))
        if token is None or not constant_time_compare(token, settings.METRICS_TOKEN):
            answer = _line("Send METRICS_TOKEN as Authorization: Bearer TOKEN.", HTTPStatus.UNAUTHORIZED)
            answer.headers["WWW-Authenticate"] = 'Bearer realm="Gatekeeper metrics"'
            return answer
    elif not site_is_local():
        return _line("Set METRICS_TOKEN, and send it as Authorization: Bearer TOKEN.", HTTPStatus.FORBIDDEN)
    return HttpResponse(render(), content_type=CONTENT_TYPE_LATEST)


def _line(text: str, status: HTTPStatus) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
