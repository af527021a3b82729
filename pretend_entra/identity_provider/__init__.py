"""A small SAML 2.0 identity provider that answers as Entra does, for demos and tests on one machine."""
