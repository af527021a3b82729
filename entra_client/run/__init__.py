"""A run from the connection test to the restart: provisioning cycles, Microsoft's validator, progress, report."""
