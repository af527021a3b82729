"""``make setup-pictures``: the pictures of the set-up wizard, taken from the pretend Entra's own pages.

Usage: ``python -m tests.browser.setup_pictures FOLDER``. Small WebP files; what is to be seen is the same each time.
"""

# ruff: noqa: E402 - the builders need Django's apps

import base64
import sys
import tempfile
import threading
from pathlib import Path

import django

django.setup()

from playwright.sync_api import Browser, sync_playwright

from entra_client.directory.company import make_company
from pretend_entra.identity_provider.addresses import ServiceProvider, connect_service_provider
from pretend_entra.identity_provider.server import identity_provider, serve
from tests.conftest import CHROMIUM_ARGUMENTS, chromium_path
from tests.site import free_port

WIDTH = 800  # CSS pixels; gatekeeper/web/setup_wizard/pictures.py has the height of each
# File → the page, and what of it is shown; "" is all of it.
PICTURES = {
    "application": ("application", ""),
    "metadata": ("sign-on", ".box:nth-of-type(3)"),
    "addresses": ("sign-on", ".box:nth-of-type(1)"),
    "provisioning": ("provisioning", ""),
    "attributes": ("attributes", ""),
}
ENTRA = "https://login.microsoftonline.com/…/federationmetadata.xml"
SITE = "https://gatekeeper.example/saml/1"


def main(folder: Path) -> None:
    """Take all of them, and say how large they are."""
    folder.mkdir(parents=True, exist_ok=True)
    port, kept = free_port(), Path(tempfile.mkdtemp())
    addresses = (f"{SITE}/metadata", f"{SITE}/acs", f"{SITE}/logout")
    connect_service_provider(
        kept, ServiceProvider(**dict(zip(("entity_id", "acs_url", "logout_url"), addresses, strict=True)))
    )
    entra = identity_provider(make_company(people=3, groups=1, seed=1), kept, port)
    server = serve(entra, port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGUMENTS)
        try:
            for name, (page, part) in PICTURES.items():
                taken = _take(browser, entra.addresses.portal_url(page), part, folder / f"{name}.webp")
                sys.stdout.write(f"{name}: {taken}\n")
        finally:
            browser.close()
            server.shutdown()


def _take(browser: Browser, address: str, part: str, file: Path) -> str:
    page = browser.new_page(viewport={"width": WIDTH, "height": 300}, color_scheme="light")
    page.goto(address)
    for label, value in (
        ("Sign on URL", f"{SITE}/sso"),
        ("Tenant URL", "https://gatekeeper.example/scim/v2"),
        ("Secret Token", "x" * 24),
    ):
        if page.get_by_label(label, exact=True).count():
            page.get_by_label(label, exact=True).fill(value)
    shown = page.locator("[name=metadata_url]")
    if shown.count():
        shown.evaluate("(field, text) => { field.value = text; }", ENTRA)
    page.evaluate("document.activeElement.blur()")
    box = page.locator(part or "body").first.bounding_box()
    assert box is not None
    answer = page.context.new_cdp_session(page).send(
        "Page.captureScreenshot",
        {"format": "webp", "quality": 60, "captureBeyondViewport": True, "clip": {**box, "scale": 1.5}},
    )
    file.write_bytes(base64.b64decode(answer["data"]))
    page.close()
    return f"{round(box['width'])} x {round(box['height'])}, {file.stat().st_size:,} bytes"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
