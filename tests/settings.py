"""The site's settings as the tests want them: a folder of their own, cheap passwords, static files as they lie."""

import os
import tempfile

# Before the settings are read: tests never touch the data of a site that runs from the same folder.
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="gatekeeper-tests-")
os.environ.setdefault("PUBLIC_URL", "http://testserver")

from gatekeeper.settings import *  # noqa: F403
from gatekeeper.settings import STORAGES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
