"""manage.py sync_saml_users: what the beat does at minute 45 of every hour, run now."""

from typing import Any

from gatekeeper.audit.actor import Actor
from gatekeeper.runtime.command import OperatorCommand
from saml.sync.run import describe_run, sync_saml_users


class Command(OperatorCommand):
    help = "Refresh each SAML connection's metadata and link people to the names under which they sign in."

    def run(self, **options: Any) -> dict[str, Any]:
        """Run the sync here, in this process. MessageRefused while another one is running."""
        return describe_run(sync_saml_users(actor=Actor.command("sync_saml_users")))

    def describe(self, document: dict[str, Any]) -> str:
        """Counts first, then each conflict and each connection on a line of its own."""
        lines = [f"{document['linked']} linked, {document['unlinked']} unlinked."]
        lines += [f"Not linked: {each['user_name']}: {each['reason']}" for each in document["conflicts"]]
        lines += [f"Metadata of {each['connection']}: {each['result']}" for each in document["metadata"]]
        return "\n".join(lines)
