"""Between gunicorn and Django: requests are received whole before they are served, each kind within its own threads."""
