"""Which tests in a browser run on each database. Pages are the same over both, and each query has tests of its own."""

from pathlib import Path

import pytest

from tests.once import ONCE

HERE = Path(__file__).parent
# What somebody does on their first afternoon, whatever the database, and what several processes have to agree on.
ON_EACH_DATABASE = frozenset(
    {
        "test_custom_attributes",
        "test_first_visit",
        "test_help_page",
        "test_post_binding",
        "test_setup_wizard",
        "test_trial_over_http",
    }
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the others where the suite runs a second time."""
    for item in items:
        if item.path.parent == HERE and item.path.stem not in ON_EACH_DATABASE:
            item.add_marker(ONCE)
