#!/bin/sh
# Chromium for the browser tests and xmlsec1 for the independent identity provider (pysaml2), through apt where that
# is possible; otherwise one line says what to run.
set -eu

missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 \
    || [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] || missing="$missing chromium"
command -v xmlsec1 >/dev/null 2>&1 || missing="$missing xmlsec1"
[ -n "$missing" ] || exit 0

if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="no"; fi
    if [ "$as_root" != no ]; then
        # shellcheck disable=SC2086
        $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
        exit 0
    fi
    echo "The tests need$missing; run: sudo apt-get install -y$missing" >&2
    exit 1
fi
echo "The tests need$missing; run: brew install libxmlsec1 && brew install --cask chromium" >&2
exit 1
