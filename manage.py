#!/usr/bin/env python
"""Operators' commands: ``.venv/bin/python manage.py help`` lists them."""

import os
import sys

from django.core.management import execute_from_command_line


def main() -> None:
    """Run one management command with the site's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gatekeeper.settings")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
