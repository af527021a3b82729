"""Whether secrets on disk are private."""

import pytest

from gatekeeper.health.checks.result import Status
from gatekeeper.health.checks.secret_checks import check_files

pytestmark = pytest.mark.django_db


def test_secrets_that_others_may_read_are_named_with_the_command(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    secret = tmp_path / "secret_key"
    secret.write_text("x" * 64)
    for mode, status in ((0o600, Status.OK), (0o640, Status.WARNING), (0o604, Status.WARNING), (0o400, Status.OK)):
        secret.chmod(mode)
        check = check_files()
        assert check.status is status, oct(mode)
        assert status is Status.OK or check.fix == f"chmod 600 {secret}"
