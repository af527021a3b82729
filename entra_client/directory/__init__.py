"""The directory that is provisioned: a made-up company, and how its facts are mapped to SCIM attributes."""
