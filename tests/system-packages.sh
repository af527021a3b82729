#!/bin/sh
# Chromium for the browser tests, xmlsec1 for the independent identity provider (pysaml2), and what the files of deploy/
# are checked with, through apt where that is possible; otherwise one line says what to run.
set -eu
cd "$(dirname "$0")/.."

missing=""
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 \
    || [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] || missing="$missing chromium"
command -v xmlsec1 >/dev/null 2>&1 || missing="$missing xmlsec1"
# Unpacked into .tools and not installed: nothing is started, and the machine's own web server is left alone.
unpacked=""
if command -v apt-get >/dev/null 2>&1; then
    command -v systemd-analyze >/dev/null 2>&1 || missing="$missing systemd"
    [ -x .tools/usr/sbin/nginx ] || unpacked="$unpacked nginx"
    [ -x .tools/usr/bin/promtool ] || unpacked="$unpacked prometheus"
    # A clock that jumps, for the processes under test alone.
    [ -n "$(find .tools/usr/lib -name libfaketimeMT.so.1 2>/dev/null)" ] || unpacked="$unpacked libfaketime"
fi
[ -n "$missing$unpacked" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "The tests need$missing; run: brew install libxmlsec1 && brew install --cask chromium" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then as_root=""; elif sudo -n true 2>/dev/null; then as_root="sudo"; else as_root="no"; fi
if [ "$as_root" != no ]; then
    $as_root apt-get update -qq
elif [ -n "$missing" ]; then
    echo "The tests need$missing; run: sudo apt-get install -y$missing" >&2
    exit 1
fi
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi
if [ -n "$unpacked" ]; then
    rm -rf .tools/packages
    mkdir -p .tools/packages
    # shellcheck disable=SC2086
    (cd .tools/packages && apt-get download -qq $unpacked 2>/dev/null && for package in *.deb; do dpkg -x "$package" ..; done) \
        || { echo "The tests need Debian's packages$unpacked; run: sudo apt-get update" >&2; exit 1; }
    rm -rf .tools/packages .tools/usr/bin/prometheus
fi
