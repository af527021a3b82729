"""RFC 7643, RFC 7644 and RFC 9865: the checks of scim2-tester, and clauses that it does not ask."""
