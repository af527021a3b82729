#!/bin/sh
# The whole suite on SQLite with the embedded broker, and again on PostgreSQL with Redis where these answer locally.
# With CI=true their absence is a failure. WORKERS sets how many processes share the work.
set -eu
cd "$(dirname "$0")/.."
pytest=".venv/bin/pytest -n ${WORKERS:-2} --dist loadgroup"

answers() { .venv/bin/python -c "import socket, sys; socket.create_connection(('127.0.0.1', $1), 2)" 2>/dev/null; }

echo "── SQLite, embedded broker ──"
env -u DATABASE_URL -u REDIS_URL $pytest tests

absent=""
answers 5432 || absent="PostgreSQL on 127.0.0.1:5432"
answers 6379 || absent="${absent:+$absent and }Redis on 127.0.0.1:6379"
if [ -n "$absent" ]; then
    if [ "${CI:-}" = true ]; then
        echo "$absent must answer in CI, so that the suite runs there too." >&2
        exit 1
    fi
    echo "Not run a second time: no $absent."
    exit 0
fi

echo "── PostgreSQL, Redis ──"
DATABASE_URL="${TEST_DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres}" \
    REDIS_URL="${TEST_REDIS_URL:-redis://127.0.0.1:6379/15}" $pytest tests
