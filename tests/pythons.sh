#!/bin/sh
# The tests under each Python that the site supports and this machine has, or uv can fetch, and under Django's next
# version. TESTS: what is run (the whole suite on SQLite by default); PYTHONS: which versions. Exit status 1 when tests
# failed somewhere, or no Python was found at all; what was not found is said at the end.
set -u
cd "$(dirname "$0")/.."
uv="$PWD/.venv/bin/uv"
failed="" passed="" absent=""

try() { # name, interpreter, what to install on top, more options for pytest
    venv=".venv-pythons/$1"
    echo "── $1 ──"
    if ! { "$uv" venv --quiet --clear --python "$2" "$venv" \
        && "$uv" pip sync --quiet --require-hashes --python "$venv/bin/python" requirements.txt requirements-demo.txt requirements-telemetry.txt requirements-dev.txt \
        && { [ -z "$3" ] || "$uv" pip install --quiet --prerelease allow --python "$venv/bin/python" "$3"; }; }; then
        failed="$failed $1(installation)"
        return
    fi
    # shellcheck disable=SC2086
    if env -u DATABASE_URL -u REDIS_URL "$venv/bin/pytest" -q -n "${WORKERS:-2}" --dist loadgroup ${4:-} ${TESTS:-tests}; then
        passed="$passed $1"
    else
        failed="$failed $1"
    fi
}

# pyenv's shims say nothing of the versions that it has and that are not chosen.
find_python() {
    for python in "$("$uv" python find --no-project "$1" 2>/dev/null)" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if [ -x "$python" ] && "$python" -c '' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
}

for version in ${PYTHONS:-3.11 3.12 3.13 3.14}; do
    python="$(find_python "$version")"
    if [ -z "$python" ] && "$uv" python install --quiet "$version" 2>/dev/null; then
        python="$(find_python "$version")"
    fi
    if [ -z "$python" ]; then
        absent="$absent $version"
        continue
    fi
    try "$version" "$python" ""
    # Django 6 wants Python 3.12. What it deprecates is shown; the pinned Django has nothing else to offer yet.
    case "$version" in
        3.11) ;;
        *) try "$version-django-next" "$python" "${DJANGO_NEXT:-Django>=6.0,<7}" "-W default::DeprecationWarning -W default::PendingDeprecationWarning" ;;
    esac
done

echo "── Pythons ──"
echo "passed:${passed:- none}"
[ -z "$failed" ] || echo "FAILED:$failed"
[ -z "$absent" ] || echo "not tried, since they were not found here and could not be fetched:$absent"
[ -z "$failed" ] && [ -n "$passed" ]
