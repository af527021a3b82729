"""The web server's entry: ``gunicorn gatekeeper.wsgi``."""

import atexit
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from django.utils.module_loading import import_string

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")

application = get_wsgi_application()
# Django would read the addresses, and import every room behind them, during the first request of each worker.
_ = get_resolver().url_patterns

# The workers are forked from this process, and a thread does not survive a fork: each starts its own. Named by text,
# since its models can only be imported once Django is set up, which is two lines above.
os.register_at_fork(after_in_child=import_string("gatekeeper.audit.reads.keep_writing"))
atexit.register(import_string("gatekeeper.audit.reads.write_counts"))
