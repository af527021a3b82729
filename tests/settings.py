"""The site's settings as the tests want them: a folder of their own, cheap passwords, static files as they lie."""

import os
import sys
import tempfile

# Before the settings are read: tests never touch the data of a site that runs from the same folder.
os.environ["DATA_DIR"] = tempfile.mkdtemp(prefix="gatekeeper-tests-")
os.environ.setdefault("PUBLIC_URL", "http://testserver")

# Compiled modules and rewritten asserts are kept, also by the processes that tests start, whatever the environment
# says: to compile ours and Hypothesis again takes longer than most test files.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

from gatekeeper.settings import *  # noqa: E402, F403
from gatekeeper.settings import STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
