"""The SAML endpoints of a connection: each view reads the request, calls one service and answers."""
