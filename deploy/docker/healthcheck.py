"""The image's health check: exit status 0 exactly when this container's own web server says that it can serve."""

import os
import sys
from http.client import HTTPConnection

web = HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=4)  # seconds; Docker waits for 5
try:
    web.request("GET", "/readyz")
    answer = web.getresponse()
    sys.stdout.write(answer.read(2000).decode(errors="replace"))
except OSError as error:
    sys.exit(f"The web server does not answer: {error}")
sys.exit(answer.status != 200)
