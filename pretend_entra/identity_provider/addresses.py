"""Where the identity provider is, and which service provider it serves."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Addresses:
    """The addresses of a tenant below an origin; ``application_id`` as in Entra's metadata address."""

    origin: str
    tenant_id: str
    application_id: str = "5d1c9b5e-8c3f-4f9c-9a53-0d4f5b1c7e21"

    @property
    def base_path(self) -> str:
        """The path that everything of the tenant is below."""
        return f"/{self.tenant_id}"

    @property
    def entity_id(self) -> str:
        """Ends with a slash, as Entra's does."""
        return f"{self.origin}{self.base_path}/"

    @property
    def saml_url(self) -> str:
        """One address for sign-on and logout."""
        return f"{self.origin}{self.base_path}/saml2"

    @property
    def launch_url(self) -> str:
        """The tile in My Apps: sign-on that the identity provider starts."""
        return f"{self.origin}{self.base_path}/launch"

    def portal_url(self, page: str) -> str:
        """A page of the admin center (``portal.PAGES``)."""
        return f"{self.origin}{self.base_path}/portal/{page}"

    @property
    def metadata_url(self) -> str:
        """The App Federation Metadata Url."""
        path = f"{self.base_path}/federationmetadata/2007-06/federationmetadata.xml"
        return f"{self.origin}{path}?appid={self.application_id}"


@dataclass(frozen=True, kw_only=True)
class ServiceProvider:
    """What an administrator types into 'Basic SAML Configuration'."""

    entity_id: str
    acs_url: str
    logout_url: str


def read_service_provider(folder: Path) -> ServiceProvider | None:
    """The service provider that was connected last; None before that. Read for each request: the demo connects late."""
    file = folder / "service-provider.json"
    return ServiceProvider(**json.loads(file.read_text())) if file.exists() else None


def connect_service_provider(folder: Path, service_provider: ServiceProvider) -> None:
    """Fill in 'Basic SAML Configuration'; a running identity provider uses it at its next request."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / "service-provider.json.new"
    fresh.write_text(json.dumps(asdict(service_provider), indent=2))
    fresh.rename(folder / "service-provider.json")
