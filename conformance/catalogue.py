"""Every profile with its tests, in the order in which they are asked. Importing it registers the tests."""

from conformance.profiles.entra import direct, groups, tokens, users
from conformance.profiles.entra.profile import ENTRA

_REGISTERED = (users, groups, direct, tokens)

PROFILES = {each.name: each for each in (ENTRA,)}
