"""The web server's entry: ``gunicorn gatekeeper.wsgi``."""

import atexit
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver
from django.utils.module_loading import import_string

from gatekeeper.runtime.web_server.application import WithinBudgets
from gatekeeper.runtime.web_server.unread_bodies import announce_to_server
from scim.protocol.limits import MAX_BODY

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")

application = WithinBudgets(
    announce_to_server(get_wsgi_application()), threads=settings.WEB_THREADS, largest_body=MAX_BODY
)
# Django would read the addresses, and import every package behind them, during the first request of each worker.
_ = get_resolver().url_patterns

# The workers are forked from this process, and a thread does not survive a fork: each starts its own. Named by text,
# since its models can only be imported once Django is set up, which is two lines above.
os.register_at_fork(after_in_child=import_string("gatekeeper.audit.request_counts.keep_writing"))
os.register_at_fork(after_in_child=import_string("gatekeeper.health.database_refusals.keep_writing"))
os.register_at_fork(after_in_child=import_string("gatekeeper.health.measured.counting.keep_writing"))
os.register_at_fork(after_in_child=import_string("gatekeeper.events.prompting.keep_prompting"))
atexit.register(import_string("gatekeeper.audit.request_counts.write_counts"))
atexit.register(import_string("gatekeeper.health.database_refusals.write_counts"))
atexit.register(import_string("gatekeeper.health.measured.counting.write_measurements"))
