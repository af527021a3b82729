"""SCIM as Entra's client speaks it: requests with its quirks, the connection, and what it wants of an answer."""
