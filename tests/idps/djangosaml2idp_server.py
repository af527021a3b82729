"""PyPI's djangosaml2idp as a Django site of one file. Run by the Python of .venv-idps, with a folder for its data.

``metadata`` prints its metadata, ``trust`` reads a service provider as JSON, ``serve`` serves it.
"""

import json
import sys
from datetime import timedelta
from pathlib import Path
from wsgiref.simple_server import make_server

import django
from django.conf import settings
from saml2 import BINDING_HTTP_REDIRECT
from saml2.saml import NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_UNSPECIFIED

ACTION, FOLDER, ORIGIN, PORT = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
LOGIN = """<!doctype html><title>Sign in</title><form method="post">{% csrf_token %}{{ form.as_p }}
<button>Sign in</button></form>"""

settings.configure(
    SECRET_KEY="of-the-tests-only",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    CSRF_TRUSTED_ORIGINS=[ORIGIN],
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "idp.sqlite3")}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "djangosaml2idp"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN}),
                    "django.template.loaders.app_directories.Loader",
                ]
            },
        }
    ],
    LOGIN_URL="/login/",
    SAML_IDP_CONFIG={
        "entityid": f"{ORIGIN}/idp/metadata/",
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "key_file": str(FOLDER / "key.pem"),
        "cert_file": str(FOLDER / "certificate.pem"),
        "service": {
            "idp": {
                "endpoints": {
                    "single_sign_on_service": [(f"{ORIGIN}/idp/sso/redirect/", BINDING_HTTP_REDIRECT)],
                    "single_logout_service": [(f"{ORIGIN}/idp/slo/redirect/", BINDING_HTTP_REDIRECT)],
                },
                "name_id_format": [NAMEID_FORMAT_EMAILADDRESS, NAMEID_FORMAT_UNSPECIFIED],
                "want_authn_requests_signed": False,
            }
        },
    },
)
django.setup()

from django.contrib.auth import get_user_model, views  # noqa: E402 - Django has to be set up first
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from djangosaml2idp.idp import IDP  # noqa: E402
from djangosaml2idp.models import ServiceProvider  # noqa: E402

urlpatterns = [
    path("", lambda request: HttpResponse("djangosaml2idp")),
    path("login/", views.LoginView.as_view()),
    path("idp/", include("djangosaml2idp.urls")),
]


def trust(given: dict) -> None:
    """Know this service provider, and the one person who may sign in."""
    call_command("migrate", verbosity=0)
    person = get_user_model().objects.get_or_create(username=given["person"], email=given["person"])[0]
    person.set_password(given["password"])
    person.save()
    ServiceProvider.objects.all().delete()
    ServiceProvider(
        entity_id=given["entity_id"],
        local_metadata=given["metadata"],
        metadata_expiration_dt=timezone.now() + timedelta(days=1),
        **given["options"],
    ).save()


if ACTION == "metadata":
    call_command("migrate", verbosity=0)
    sys.stdout.write(IDP.metadata())
elif ACTION == "trust":
    trust(json.load(sys.stdin))
else:
    make_server("127.0.0.1", PORT, get_wsgi_application()).serve_forever()
