"""Every profile with its tests. Importing it registers the tests."""

from conformance.profiles.entra import direct, groups, tokens, users
from conformance.profiles.entra.profile import ENTRA
from conformance.profiles.interop import data_model, protocol
from conformance.profiles.interop import patch as interop_patch
from conformance.profiles.interop.profile import INTEROP
from conformance.profiles.ipsie import authorization, performance
from conformance.profiles.ipsie import groups as ipsie_groups
from conformance.profiles.ipsie import users as ipsie_users
from conformance.profiles.ipsie.profile import IPSIE
from conformance.profiles.okta import crud, group_push, spec
from conformance.profiles.okta.profile import OKTA
from conformance.profiles.rfc import bulk, filters, patch, reading, tester, writing
from conformance.profiles.rfc.profile import RFC

REGISTERED = (
    (users, groups, direct, tokens),
    (spec, crud, group_push),
    (authorization, performance, ipsie_users, ipsie_groups),
    (data_model, interop_patch, protocol),
    (reading, filters, writing, patch, bulk, tester),
)
PROFILES = {each.name: each for each in (ENTRA, OKTA, IPSIE, INTEROP, RFC)}
