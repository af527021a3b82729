"""A request of the provisioning log as a command line that sends it again, without its credential."""

import json
import shlex

from django.core.serializers.json import DjangoJSONEncoder

from gatekeeper.audit.models import ProvisioningEntry
from scim.protocol.addresses import base_location

MEDIA_TYPE = "application/scim+json"


def curl_command(entry: ProvisioningEntry) -> str:
    """The command for a POSIX shell. ``$API_KEY`` is for the reader to set; what the log redacted stays redacted."""
    address = base_location() + entry.path + (f"?{entry.query}" if entry.query else "")
    words = ["curl", "-X", entry.method, shlex.quote(address), "-H", '"Authorization: Bearer $API_KEY"']
    if entry.request is not None:
        body = json.dumps(entry.request, cls=DjangoJSONEncoder, ensure_ascii=False)
        words += ["-H", shlex.quote(f"Content-Type: {MEDIA_TYPE}"), "--data-raw", shlex.quote(body)]
    return " ".join(words)
