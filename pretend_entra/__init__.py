"""A pretend Microsoft Entra: a provisioning client and a SAML identity provider, for newcomers, tests and benchmarks.

It knows nothing of the site: it speaks HTTP to any SCIM server and SAML to any service provider.
"""
