"""Everything that Entra and Okta send, in the order in which they send it (files under payloads/)."""

import pytest

from tests.scim.clients.journeys import journeys, replay


@pytest.mark.parametrize("path", journeys("entra"), ids=lambda path: path.stem)
def test_entra_gets_the_answers_that_it_expects(scim, path):
    replay(scim, path)


@pytest.mark.parametrize("path", journeys("okta"), ids=lambda path: path.stem)
def test_okta_gets_the_answers_that_it_expects(scim, path):
    replay(scim, path)
