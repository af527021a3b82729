"""The site itself as the target: a key of its own, revoked at the end, and the running site or a server of its own."""
