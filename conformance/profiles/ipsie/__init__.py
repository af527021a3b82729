"""OpenID IPSIE: what its profiles demand of an application at AL1, AL2, SL1 and SL2."""
