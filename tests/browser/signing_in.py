"""The sign-in page's own form, filled in by a real browser."""

from playwright.sync_api import Page


def enter_password(page: Page, email: str, password: str, *, address: str = "/sign-in/") -> None:
    """Sign in with a local account; ``address``: any that leads to the sign-in page."""
    page.goto(address)
    page.get_by_text("Sign in with a local account").click()
    page.get_by_label("E-mail").last.fill(email)  # the first one may be home realm discovery's
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
