"""The identity provider as a process: one thread for each request, on this machine only."""

from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from entra_client.directory.company import Company, make_joiner
from pretend_entra.identity_provider.addresses import Addresses
from pretend_entra.identity_provider.application import IdentityProvider

HOST = "127.0.0.1"
LATE_JOINERS = (801, 802)  # numbers of people who are assigned, and provisioned after the others
NOT_ASSIGNED = (901, 902, 903)


def identity_provider(company: Company, folder: Path, port: int) -> IdentityProvider:
    """The identity provider of a company on a port, with a few people who are late or not assigned."""
    return IdentityProvider(
        company=company,
        addresses=Addresses(f"http://{HOST}:{port}", company.tenant_id),
        folder=folder,
        unassigned=tuple(make_joiner(company, number) for number in NOT_ASSIGNED),
        late=tuple(make_joiner(company, number) for number in LATE_JOINERS),
    )


def serve(application: IdentityProvider, port: int) -> WSGIServer:
    """Return a server that listens; ``serve_forever`` is for the caller. Raises OSError when the port is taken."""
    return make_server(HOST, port, application, server_class=_Threads, handler_class=_Quiet)


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is the base class's
        """Say nothing about each request; a demo's screen has better use."""
