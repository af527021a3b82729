"""Why SAML messages are refused: codes, causes, and the texts that administrators and people read."""
