"""Debian's SimpleSAMLphp as an identity provider, served by PHP's own web server, with one person in it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.idps.serving import https_in_front_of, running
from tests.saml.keys import key_pair
from tests.site import ROOT, free_port

PROGRAM = ROOT / ".idps" / "simplesamlphp"
PERSON, PASSWORD = "ada.obi@contoso.com", "lovelace-1815"
CONFIG = """<?php
$config = [
    'baseurlpath' => '{origin}/',
    'certdir' => '{folder}/cert/', 'loggingdir' => '{folder}/', 'datadir' => '{folder}/', 'tempdir' => '{folder}/tmp',
    'metadatadir' => '{folder}/metadata/',
    'secretsalt' => 'of-the-tests-only', 'auth.adminpassword' => 'of-the-tests-only', 'timezone' => 'UTC',
    'technicalcontact_name' => 'Tests', 'technicalcontact_email' => 'na@example.org',
    'enable.saml20-idp' => true, 'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'logging.level' => 7, 'logging.handler' => 'file', 'admin.checkforupdates' => false,
    'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'store.type' => 'phpsession',
    'session.phpsession.savepath' => '{folder}/tmp', 'language.default' => 'en',
    'metadata.sources' => [['type' => 'flatfile']],
];
"""
AUTHSOURCES = """<?php
$config = ['people' => ['exampleauth:UserPass', '{person}:{password}' => [
    'uid' => ['ada'], 'mail' => ['{person}'], 'displayName' => ['Ada Obi'],
]]];
"""
HOSTED = """<?php
$metadata['__DYNAMIC:1__'] = [
    'host' => '__DEFAULT__', 'privatekey' => 'key.pem', 'certificate' => 'certificate.pem', 'auth' => 'people',
];
"""


@dataclass
class SimpleSamlPhp:
    """``origin``: how browsers reach it; on this machine it answers at ``port``."""

    origin: str
    folder: Path
    port: int
    logins: dict[str, str] = field(default_factory=lambda: {"username": PERSON, "password": PASSWORD})

    def metadata(self) -> bytes:
        return httpx.get(f"http://127.0.0.1:{self.port}/saml2/idp/metadata.php").content

    @property
    def sign_out_address(self) -> str:
        """Where a sign-out begins at the identity provider."""
        return f"{self.origin}/saml2/idp/SingleLogoutService.php?ReturnTo={self.origin}/logout.php"

    def trust(self, connection: dict[str, Any], **options: Any) -> None:
        """Know a service provider; ``options`` as in its reference of saml20-sp-remote."""
        entry = {
            "AssertionConsumerService": connection["acs_url"],
            "SingleLogoutService": connection["logout_url"],
            **options,
        }
        words = ", ".join(f"'{name}' => {_php(value)}" for name, value in entry.items())
        file = self.folder / "metadata" / "saml20-sp-remote.php"
        file.write_text(f"<?php\n$metadata['{connection['sp_entity_id']}'] = [{words}];\n")


def _php(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else f"'{value}'"


@contextmanager
def running_simplesamlphp(folder: Path, *, host: str = "") -> Iterator[SimpleSamlPhp]:
    """On http://127.0.0.1, or with ``host`` under that name over https."""
    port = free_port()
    with ExitStack() as stack:
        origin = stack.enter_context(https_in_front_of(port, host)) if host else f"http://127.0.0.1:{port}"
        for name in ("cert", "metadata", "tmp"):
            (folder / name).mkdir(parents=True)
        pair = key_pair("simplesamlphp")
        (folder / "cert" / "key.pem").write_bytes(pair.key_pem)
        (folder / "cert" / "certificate.pem").write_bytes(pair.certificate_pem)
        (folder / "config.php").write_text(CONFIG.replace("{origin}", origin).replace("{folder}", str(folder)))
        sources = AUTHSOURCES.replace("{person}", PERSON).replace("{password}", PASSWORD)
        (folder / "authsources.php").write_text(sources)
        (folder / "metadata" / "saml20-idp-hosted.php").write_text(HOSTED)
        command = ["php", "-d", "display_errors=0", "-S", f"127.0.0.1:{port}", "-t", str(PROGRAM / "www")]
        environment = {"SIMPLESAMLPHP_CONFIG_DIR": str(folder), "PHP_CLI_SERVER_WORKERS": "4"}
        stack.enter_context(running(command, folder=folder, port=port, environment=environment))
        yield SimpleSamlPhp(origin, folder, port)
