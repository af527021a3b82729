#!/bin/sh
# The other servers into .venv-peers, .peers and .venv-web, as pinned beside this file: Python's with hashes, Node's by package-lock.json.
set -eu
cd "$(dirname "$0")/../.."

if ! command -v npm >/dev/null 2>&1; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null
    else
        echo "Node.js and npm are missing; without them saml-jackson is not measured." >&2
    fi
fi

[ -d .venv-peers ] || .venv/bin/python -m venv .venv-peers
.venv/bin/uv pip sync --quiet --require-hashes --python .venv-peers/bin/python bench/peers/requirements.txt

if command -v npm >/dev/null 2>&1; then
    mkdir -p .peers
    cp bench/peers/package.json bench/peers/package-lock.json .peers/
    npm ci --prefix .peers --omit=optional --ignore-scripts --no-audit --no-fund --loglevel=error
fi

# Web servers to compare, beside the site's own packages.
[ -d .venv-web ] || .venv/bin/python -m venv .venv-web
.venv/bin/uv pip sync --quiet --require-hashes --python .venv-web/bin/python requirements.txt bench/peers/requirements-web.txt
