"""An identity provider simulator that answers as Microsoft Entra does, and the demo: an extra that production lacks.

It knows nothing of the site, and speaks SAML to any service provider.
"""
