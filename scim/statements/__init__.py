"""The hot requests of an identity provider as fixed SQL, one file for each, with the key that authenticates it.

Each function answers the simple case of its request, or None for every other case, which the views and services of
``scim`` and ``directory`` serve as always. Those stay the definition of what a request does: a test plays the same
history through both and compares answers, rows, audit trail and log.
"""
