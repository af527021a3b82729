"""Which telemetry the environment switches on; docs/telemetry.md. Nothing of it is imported where it is not asked for.

A name that is set, and packages that are not installed, stop the start with one line that says what to do.
"""

from importlib.util import find_spec
from urllib.parse import urlsplit

from gatekeeper.runtime import environment
from gatekeeper.runtime.environment import BadEnvironment

# The names of the OpenTelemetry specification; the second one is the whole address, and wins.
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
DSN = "SENTRY_DSN"
MISSING = (
    "needs packages that are not installed: run `make setup EXTRAS=telemetry`, "
    "or `pip install --require-hashes -r requirements-telemetry.txt`."
)


def traces_are_sent() -> bool:
    """Whether an OTLP endpoint is set. Raises: BadEnvironment, for an address, a protocol or packages that can't be."""
    named = [name for name in ENDPOINTS if environment.text(name)]
    if not named or environment.boolean("OTEL_SDK_DISABLED", default=False):
        return False
    for name in named:
        address = urlsplit(environment.text(name))
        if address.scheme not in ("http", "https") or not address.hostname:
            raise BadEnvironment(name, "must be an http or https address, such as http://127.0.0.1:4318.")
    for name in PROTOCOLS:
        environment.choice(name, default="http/protobuf", allowed=("http/protobuf",))
    if not _is_installed("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http"):
        raise BadEnvironment(named[0], MISSING)
    return True


def errors_are_sent() -> bool:
    """Whether a Sentry project is named. Raises: BadEnvironment, for a DSN or packages that can't be."""
    if not environment.text(DSN):
        return False
    dsn = urlsplit(environment.text(DSN))
    if dsn.scheme not in ("http", "https") or not (dsn.hostname and dsn.username and dsn.path.strip("/")):
        raise BadEnvironment(DSN, "must be the DSN of a Sentry project, such as https://KEY@sentry.example.com/1.")
    if not _is_installed("sentry_sdk"):
        raise BadEnvironment(DSN, MISSING)
    return True


def _is_installed(*modules: str) -> bool:
    try:
        return all(find_spec(module) for module in modules)
    except ModuleNotFoundError:  # of the package that it is in
        return False
