"""SCIM 2.0 Interoperability Profile (draft-zollner-scim-interop-profile)."""
