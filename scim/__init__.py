"""The SCIM 2.0 service provider: identity providers write the directory through it (RFC 7643, RFC 7644, RFC 9865)."""
