"""Conformance tests for any SCIM 2.0 server, in profiles, each test with the clause that it asks for.

It speaks HTTP and knows nothing of the site; only ``self_test/`` does, which makes a key and finds or starts this site.
``manage.py conformance`` is its command.
"""
