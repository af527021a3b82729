"""Settings that are each valid and do not fit together."""

import pytest

from gatekeeper.health.settings_checks import check_environment


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"PUBLIC_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": ["127.0.0.1"]}, []),
        ({"PUBLIC_URL": "http://dev.localhost:8000", "ALLOWED_HOSTS": ["*"], "DEBUG": True}, []),
        ({"PUBLIC_URL": "http://127.9.9.9", "ALLOWED_HOSTS": ["*"]}, []),
        ({"PUBLIC_URL": "https://gk.example.com"}, ["gatekeeper.E001"]),
        ({"PUBLIC_URL": "http://gk.example.com", "ALLOWED_HOSTS": ["*"]}, ["gatekeeper.W002"]),
        ({"PUBLIC_URL": "https://gk.example.com", "ALLOWED_HOSTS": ["*"], "DEBUG": True}, ["gatekeeper.W001"]),
        ({"PUBLIC_URL": "https://gk.example.com", "ALLOWED_HOSTS": [".example.com"]}, []),
    ],
)
def test_settings_that_do_not_fit_together_are_found(settings, changes, found):
    settings.REDIS_URL = "redis://127.0.0.1/0"
    for name, value in changes.items():
        setattr(settings, name, value)

    messages = check_environment()

    assert [message.id for message in messages] == found
    assert all(message.hint for message in messages)
