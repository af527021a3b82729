"""Requests to a server that nobody trusts: limits of time and size, what was made, tokens."""
