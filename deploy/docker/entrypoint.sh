#!/bin/sh
# entrypoint.sh web|worker|beat: that line of the Procfile.
# entrypoint.sh migrate: what is done once before a new version starts (tables, the first administrator).
# entrypoint.sh ARGUMENTS: an operators' command (manage.py), as in `doctor` or `scim_key list --json`.
set -eu
cd "$(dirname "$0")/../.."

# Secrets as files: each is named after the variable that it sets, as in /run/secrets/SECRET_KEY.
secrets="${SECRETS_DIR:-/run/secrets}"
for file in "$secrets"/[A-Z]*; do
    if [ -f "$file" ]; then
        value="$(cat "$file")"
        export "$(basename "$file")=$value"
    fi
done

case "${1:-web}" in
    web | worker | beat)
        process="${1:-web}"
        # Each web machine has style sheets and scripts of its own; they are served from DATA_DIR.
        [ "$process" != web ] || .venv/bin/python manage.py collectstatic --no-input --verbosity 0
        command="$(sed -n "s/^$process: exec //p" Procfile)"
        # shellcheck disable=SC2086  # the line is words
        exec $command
        ;;
    migrate)
        exec .venv/bin/python manage.py start --prepare-only
        ;;
    *)
        exec .venv/bin/python manage.py "$@"
        ;;
esac
