#!/bin/sh
# Identity providers that nobody here wrote, for `make test-idps`, in .idps: Debian's simplesamlphp, unpacked and not
# installed (its package wants a web server; PHP's own will do), and PHP to run it. djangosaml2idp is the Makefile's.
set -eu
cd "$(dirname "$0")/../.."
folder="$PWD/.idps"

as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
command -v apt-get >/dev/null 2>&1 || { echo "make test-idps needs Debian's packages simplesamlphp and php-cli; run it on Debian." >&2; exit 1; }

if ! php -m 2>/dev/null | grep -q mbstring || ! php -m 2>/dev/null | grep -q xmlwriter; then
    if [ -n "$as_root" ] && ! sudo -n true 2>/dev/null; then
        echo "The test needs PHP; run: sudo apt-get install -y --no-install-recommends php-cli php-xml php-mbstring" >&2
        exit 1
    fi
    $as_root apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends php-cli php-xml php-mbstring >/dev/null
fi

if [ ! -f "$folder/simplesamlphp/lib/_autoload.php" ]; then
    rm -rf "$folder/package" "$folder/simplesamlphp"
    mkdir -p "$folder/package"
    (cd "$folder/package" && apt-get download -qq simplesamlphp 2>/dev/null && dpkg -x simplesamlphp_*.deb unpacked)
    mv "$folder/package/unpacked/usr/share/simplesamlphp" "$folder/simplesamlphp"
    rm -rf "$folder/package"
fi
