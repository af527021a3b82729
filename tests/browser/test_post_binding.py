"""In a real Chromium: a request that is posted goes on by itself, under the site's own Content-Security-Policy."""

from collections.abc import Callable

from playwright.sync_api import Browser, expect

from tests.once import ONCE
from tests.saml.idp import running_idp
from tests.site import Site


def test_the_form_goes_by_itself_and_the_answer_comes_back(make_site: Callable[..., Site], browser: Browser) -> None:
    site = make_site()
    with running_idp() as idp:
        idp.wants_signed = idp.post_only = True
        made = site.manage("saml_connection", "create", "Posted", "--metadata-url", idp.metadata_url)
        assert made["idp_sso_binding"] == "post"
        idp.trust(made["metadata_url"])
        page = browser.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(made["sso_url"])
        # Nobody is provisioned, so this is as far as it goes: the message was taken, the person is not known.
        expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible(timeout=20_000)
        assert page.url == made["acs_url"]
        assert not [each for each in complaints if "Content Security" in each], complaints
        page.close()


@ONCE
def test_without_scripts_the_button_is_there(make_site: Callable[..., Site], browser: Browser) -> None:
    site = make_site()
    with running_idp() as idp:
        idp.post_only = True
        made = site.manage("saml_connection", "create", "Posted", "--metadata-url", idp.metadata_url)
        idp.trust(made["metadata_url"])
        context = browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto(made["sso_url"])
        page.get_by_role("button", name="Continue to Posted").click()
        expect(page.get_by_role("button", name="Continue")).to_be_visible(timeout=20_000)
        assert page.url == f"{idp.url}/sso"
        context.close()
