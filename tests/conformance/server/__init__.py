"""A small SCIM server in memory that is right, and faults that make it wrong in one point each."""
