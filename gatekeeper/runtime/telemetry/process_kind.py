"""Which of the site's processes this one is, by how it was started."""

import sys


def process_kind() -> str:
    """web, worker, beat, or command for what an operator calls."""
    program = sys.argv[0].rpartition("/")[2]
    if program == "gunicorn":
        return "web"
    if program == "celery":
        return "beat" if "beat" in sys.argv else "worker"
    return "command"
