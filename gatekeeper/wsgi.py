"""The web server's entry: ``gunicorn gatekeeper.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")

application = get_wsgi_application()
# Django would read the addresses, and import every room behind them, during the first request of each worker.
_ = get_resolver().url_patterns
