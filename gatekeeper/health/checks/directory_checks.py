"""Does everybody get a team, and do local administrators have more than a password?"""

from django.utils import timezone

from gatekeeper.directory.access.loaders import site_facts
from gatekeeper.directory.local_accounts.accounts import local_accounts
from gatekeeper.directory.local_accounts.second_factor_rule import without_second_factor
from gatekeeper.health.checks.result import Check, ok, warning
from gatekeeper.setup_steps import NO_FALLBACK_TEAM


def check_fallback_team() -> Check:
    """Whether everybody who has access gets a team."""
    site = site_facts()
    team = site.teams.get(site.fallback_team_id) if site.fallback_team_id else None
    if team is None:
        fix = "Choose one under Settings > Configuration > SCIM."
        return warning("fallback_team", str(NO_FALLBACK_TEAM), fix)
    return ok("fallback_team", f"{team} is the fallback team.")


def check_second_factors() -> Check:
    """Whether each break-glass account asks for more than a password."""
    name = "second_factor"
    missing = list(without_second_factor().values_list("user_name", flat=True))
    if missing:
        named = ", ".join(missing[:5]) + (" and others" if len(missing) > 5 else "")
        fix = "Let each of them sign in and set up a second factor on the profile page."
        return warning(name, f"The password alone lets in: {named}.", fix)
    return ok(name, "Every local administrator has one.")


def check_one_time_passwords() -> Check:
    """Whether a password that works once still waits for its first sign-in."""
    name = "one_time_password"
    waiting = [account for account in local_accounts() if account.one_time_until]
    if not waiting:
        return ok(name, "No local administrator has a password that works once.")
    named = ", ".join(account.user.user_name for account in waiting[:5])
    if all(account.one_time_until > timezone.now() for account in waiting if account.one_time_until):
        return warning(name, f"Not used yet: that of {named}.", "Sign in with it; the page asks for another one.")
    fix = "Set another one: manage.py reset_password EMAIL --password-stdin."
    return warning(name, f"Its 72 hours are over for {named}.", fix)
