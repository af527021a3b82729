"""Everything that can be configured, read from the environment; docs/configuration.md is the table for operators."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django_stubs_ext
from csp.constants import NONE, SELF

from gatekeeper.runtime import embedded_broker, environment, lost_peers
from gatekeeper.runtime.logging import logging_configuration
from gatekeeper.runtime.telemetry.switches import errors_are_sent, traces_are_sent

# Lets Django's generic classes be written with their type, as in ModelAdmin[User]; costs nothing afterwards.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

# ── The environment ──────────────────────────────────────────────────────────────────────────────────────────────
DATA_DIR = environment.folder("DATA_DIR", default=BASE_DIR / "var")
DEBUG = environment.boolean("DEBUG", default=False)
HOST = environment.host("HOST", default="127.0.0.1")
PORT = environment.integer("PORT", default=8000, lowest=1, highest=environment.LONGEST_PORT)
WEB_WORKERS = environment.integer("WEB_WORKERS", default=2, lowest=1, highest=64)
WEB_THREADS = environment.integer("WEB_THREADS", default=4, lowest=1, highest=64)
PUBLIC_URL = environment.origin("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}")
REDIS_URL = environment.redis_url("REDIS_URL")
TIME_ZONE = environment.time_zone("TIME_ZONE", default="UTC")
LOG_FORMAT = environment.choice("LOG_FORMAT", default="console", allowed=("console", "json"))
SESSION_MAX_HOURS = environment.integer("SESSION_MAX_HOURS", default=12, lowest=1, highest=720)
SESSION_IDLE_MINUTES = environment.integer("SESSION_IDLE_MINUTES", default=60, lowest=0, highest=43_200)
HSTS_INCLUDE_SUBDOMAINS = environment.boolean("HSTS_INCLUDE_SUBDOMAINS", default=False)
ALLOW_PRIVATE_ADDRESSES = environment.boolean(
    "ALLOW_PRIVATE_ADDRESSES", former="SAML_ALLOW_PRIVATE_ADDRESSES", default=False
)
SECRET_KEY = environment.secret("SECRET_KEY", stored_in=DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = environment.secrets_list("SECRET_KEY_FALLBACKS", stored_in=DATA_DIR / "secret_key_fallbacks")

_public = urlsplit(PUBLIC_URL)
_https = _public.scheme == "https"
_loopback = environment.is_loopback(PUBLIC_URL)
WEB_DRAIN_SECONDS = environment.integer("WEB_DRAIN_SECONDS", default=0 if _loopback else 2, lowest=0, highest=60)
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
ALLOWED_HOSTS = environment.host_names(
    "ALLOWED_HOSTS", default=sorted({str(_public.hostname), *(LOOPBACK_HOSTS if _loopback else ())})
)
METRICS_TOKEN = environment.bearer_token("METRICS_TOKEN")
SECURITY_CONTACT = environment.security_contacts("SECURITY_CONTACT")
TRACES_ARE_SENT = traces_are_sent()

# ── E-mail: nothing is sent while EMAIL_HOST is not set (docs/mail.md) ────────────────────────────────────────────────
EMAIL_BACKEND = "gatekeeper.events.mail.backend.Backend"
EMAIL_HOST = environment.host("EMAIL_HOST", default="")
_security = environment.choice("EMAIL_SECURITY", default="starttls", allowed=("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = _security == "starttls", _security == "tls"
EMAIL_PORT = environment.integer(
    "EMAIL_PORT", default=465 if EMAIL_USE_SSL else 587, lowest=1, highest=environment.LONGEST_PORT
)
EMAIL_HOST_USER = environment.text("EMAIL_USER")
EMAIL_HOST_PASSWORD = environment.mail_password(
    "EMAIL_PASSWORD", user=EMAIL_HOST_USER, is_encrypted=_security != "none"
)
EMAIL_TIMEOUT = 10  # seconds for each answer; events/mail/backend.py limits the whole conversation
DEFAULT_FROM_EMAIL = environment.sender("EMAIL_FROM", is_needed=bool(EMAIL_HOST))

# ── Applications ────────────────────────────────────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "gatekeeper.web",  # before the admin, whose templates it replaces
    "gatekeeper.config_as_code",
    "gatekeeper.directory",
    "gatekeeper.audit",
    "gatekeeper.audit.stream",
    "gatekeeper.events",
    "gatekeeper.signed_tokens",
    "scim",
    "saml",
    "gatekeeper.setup_links",
    "gatekeeper.api",
    "gatekeeper.health",
    "gatekeeper.maintenance",
    "gatekeeper.backup",
    "gatekeeper.runtime",
    *(["gatekeeper.runtime.telemetry.tracing"] if TRACES_ARE_SENT else []),
    "entra_client",
    "conformance",
    # The identity provider simulator and the demo: where their extra (requirements-demo.txt) is installed.
    *(["pretend_entra"] if find_spec("signxml") and find_spec("pretend_entra") else []),
    "django_scim",
    "django.contrib.admin.apps.SimpleAdminConfig",  # our own AdminSite: gatekeeper/web/framework/admin_site.py
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
]
ROOT_URLCONF = "gatekeeper.urls"
WSGI_APPLICATION = "gatekeeper.wsgi.application"
AUTH_USER_MODEL = "directory.User"
SILENCED_SYSTEM_CHECKS = [
    "urls.W002",  # the SCIM endpoint matches slashes itself, doubled ones too
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    *(["gatekeeper.runtime.telemetry.tracing.requests.Traces"] if TRACES_ARE_SENT else []),
    "gatekeeper.health.measured.requests.RequestMetrics",  # first, since it measures all of the others
    "gatekeeper.runtime.web_server.unread_bodies.UnreadBodies",  # outside, since it looks at the answer whoever gave it
    "gatekeeper.middleware.PermissionsPolicy",
    "gatekeeper.middleware.NotCached",
    "gatekeeper.compression.Compression",
    "django.middleware.security.SecurityMiddleware",
    "gatekeeper.middleware.ClientAddress",
    "gatekeeper.middleware.ContentSecurityPolicy",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "gatekeeper.middleware.DatabaseLimits",
    "gatekeeper.middleware.RequestLog",
    "gatekeeper.middleware.SignInForms",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "gatekeeper.middleware.BrowserSessions",
    "gatekeeper.middleware.BrowserLanguage",
    "gatekeeper.server_refusals.ServerRefusals",
    "gatekeeper.middleware.BrowserCommon",
    "gatekeeper.middleware.BrowserCsrf",
    "gatekeeper.middleware.BrowserAuthentication",
    "gatekeeper.middleware.BrowserMessages",
    "gatekeeper.middleware.BrowserAccess",
    "gatekeeper.middleware.ChosenLanguage",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "gatekeeper.web.framework.navigation.navigation",
            ],
        },
    },
]

# ── Database, cache, background work ─────────────────────────────────────────────────────────────────────────────
DATABASES: dict[str, dict[str, Any]] = {
    "default": environment.database("DATABASE_URL", default_file=DATA_DIR / "gatekeeper.sqlite3")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    environment.private_database(DATABASES["default"]["NAME"])
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that reads first and writes later could not be upgraded while another one writes.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,  # seconds to wait for another writer; runtime/database_limits.py says less for requests
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    # gunicorn's threads keep their connections: over a new one PostgreSQL plans each of our statements anew, and
    # several times, until it knows that one plan is good for all values.
    DATABASES["default"].update(CONN_MAX_AGE=600, CONN_HEALTH_CHECKS=True)  # seconds
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # seconds
    for _name, _value in lost_peers.TO_POSTGRESQL.items():
        DATABASES["default"]["OPTIONS"].setdefault(_name, _value)
    # What binds its values on the server is prepared when it is first sent (runtime/statements/prepared.py).
    DATABASES["default"]["OPTIONS"].setdefault("prepare_threshold", 0)

CACHES = {
    "default": {
        "BACKEND": "gatekeeper.cache.Cache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},  # seconds
    }
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

CELERY_BROKER_URL = REDIS_URL or f"{embedded_broker.SCHEME}://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS = lost_peers.TO_REDIS if REDIS_URL else embedded_broker.prepare(DATA_DIR / "broker")
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # Celery's own 100 would end the worker after three quarters of an hour
CELERY_BEAT_SCHEDULER = "gatekeeper.health.beat_scheduler:Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 900  # seconds
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = REDIS_URL is not None  # over files it would only be polling
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True

# ── Signing in ───────────────────────────────────────────────────────────────────────────────────────────────────
AUTHENTICATION_BACKENDS = [
    "gatekeeper.sessions.browser_session.DirectoryBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("user_name", "work_email", "display_name")},
    },
    {
        "NAME": "gatekeeper.directory.local_accounts.password_validators.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "gatekeeper.directory.local_accounts.password_validators.GuessablePasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "web:sign_in"
LOGIN_REDIRECT_URL = "/"

# ── Cookies and headers ─────────────────────────────────────────────────────────────────────────────────────────
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# Browsers take a cookie of such a name from this very host only, over https, for the whole site (RFC 6265bis 4.1.3).
COOKIE_PREFIX = "__Host-" if _https else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}gatekeeper_session"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = SESSION_MAX_HOURS * 60 * 60  # seconds
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}gatekeeper_csrf"
CSRF_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = True
MESSAGE_TAGS = {35: "loss"}  # people lost access: red, though nothing failed (web/framework/changes/saved_messages.py)
MESSAGE_STORAGE = "gatekeeper.sessions.flash_messages.Messages"
CSRF_FAILURE_VIEW = "gatekeeper.web.framework.error_pages.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _https else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HSTS_INCLUDE_SUBDOMAINS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}

# ── Static files, language, time ─────────────────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "gatekeeper" / "static"]
# Only our own files: no page uses those of Django's admin or of DRF; each start would hash and compress them.
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "gatekeeper.static_bundles.BundleFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", "English"), ("de", "Deutsch")]  # each in its own name; docs/translation.md
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True

# ── Libraries ────────────────────────────────────────────────────────────────────────────────────────────────────
SCIM_SERVICE_PROVIDER = {  # docs/decisions/0006-django-scim2.md
    "USER_ADAPTER": "scim.resources.adapters.UserAdapter",
    "GROUP_MODEL": "gatekeeper.directory.models.IdpGroup",
    "GROUP_ADAPTER": "scim.resources.adapters.GroupAdapter",
    "SERVICE_PROVIDER_CONFIG_MODEL": "scim.http.discovery.ServiceProviderConfig",
    "BASE_LOCATION_GETTER": "scim.protocol.addresses.base_location",
    "DOCUMENTATION_URI": f"{PUBLIC_URL}/docs/scim-limits/",
    "WWW_AUTHENTICATE_HEADER": 'Bearer realm="Gatekeeper SCIM"',
    "AUTHENTICATION_SCHEMES": [
        {
            "type": "oauthbearertoken",
            "name": "API key",
            "description": "An API key of this site as a bearer token.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
            "primary": True,
        },
        {
            "type": "oauth2",
            "name": "OAuth 2.0 client credentials",
            "description": "An access token of this site's token endpoint, for a client secret or a client assertion.",
            "specUri": "https://www.rfc-editor.org/rfc/rfc6749",
            "documentationUri": f"{PUBLIC_URL}/.well-known/oauth-authorization-server",
            "primary": False,
        },
    ],
}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "gatekeeper.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PAGINATION_CLASS": "gatekeeper.api.pagination.Pages",
    "PAGE_SIZE": 100,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatekeeper management API",
    "DESCRIPTION": "Reads the directory and the access that follows from it.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}
IPWARE_META_PRECEDENCE_ORDER = ("REMOTE_ADDR",)  # the log's address too is ClientAddress's, not what a client claims
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10  # DEBUG: one line a request is enough, the one at its end
LOGGING = logging_configuration(LOG_FORMAT, debug=DEBUG, report_errors=errors_are_sent())
