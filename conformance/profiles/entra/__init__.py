"""The 25 tests with which Microsoft validates a SCIM endpoint for its application gallery."""
