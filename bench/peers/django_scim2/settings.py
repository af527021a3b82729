"""A small Django project around stock django-scim2, as its documentation sets it up."""

import os
from urllib.parse import urlsplit

_url = urlsplit(os.environ["DATABASE_URL"])
SECRET_KEY = "bench"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "bench.peers.django_scim2.apps.DirectoryConfig",
    "django_scim",
]
MIDDLEWARE = [
    "bench.peers.django_scim2.authentication.BearerKey",
    "django_scim.middleware.SCIMAuthCheckMiddleware",
]
ROOT_URLCONF = "bench.peers.django_scim2.urls"
AUTH_USER_MODEL = "peer_directory.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _url.path.removeprefix("/"),
        "HOST": _url.hostname,
        "PORT": _url.port,
        "USER": _url.username,
        "PASSWORD": _url.password or "",
        "CONN_MAX_AGE": 60,  # seconds, as ours
    }
}
SCIM_SERVICE_PROVIDER = {
    "NETLOC": "127.0.0.1",
    "SCHEME": "http",
    "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken", "name": "key", "description": "A bearer key."}],
    "GROUP_MODEL": "bench.peers.django_scim2.models.Group",
    "USER_FILTER_PARSER": "bench.peers.django_scim2.filters.UserFilter",
}
