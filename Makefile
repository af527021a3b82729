# Two commands matter: `make run` and `make test`. `make help` lists the rest. Works with GNU make 3.81 (macOS) and newer.
SHELL := /bin/sh
BIN := .venv/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# A .venv that was made elsewhere, or whose Python is gone, is stale: its scripts point nowhere.
ifneq ($(shell $(BIN)/python -c '' 2>/dev/null && cat .venv/made-in 2>/dev/null),$(CURDIR))
STALE := stale
endif

.PHONY: help setup setup-tests system-packages run serve demo test test-idps check suite chaos soak fuzz test-scale audit test-pythons screenshots setup-pictures bench bench-peers messages lock keep-release clean $(STALE)
.DEFAULT_GOAL := help

help:  ## what can be asked for
	@sed -n 's/^\([a-z-]*\):.*  ## /  make \1|/p' Makefile | sort | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

# ── Set-up: nothing to do when .venv is fresh ────────────────────────────────────────────────────────────────────
# Compiled once here: where Python may not write next to its modules, every start would compile them again.
UV_OPTIONS := --quiet --require-hashes --compile-bytecode --python $(BIN)/python
SYNC := $(BIN)/uv pip sync $(UV_OPTIONS)

setup: .venv/runtime-stamp $(EXTRAS:%=.venv/%-stamp)  ## .venv with the pinned dependencies; EXTRAS=telemetry for traces and error reports

.venv/made-in: $(STALE)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; install it, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making .venv …" >&2
	@rm -rf .venv
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-uv.txt
	@printf '%s' "$(CURDIR)" > $@

.venv/runtime-stamp: .venv/made-in requirements.txt
	@echo "Installing the pinned packages …" >&2
	@$(SYNC) requirements.txt
	@touch $@

# Added to what is there: the tests' packages stay where they are installed.
.venv/demo-stamp: .venv/runtime-stamp requirements-demo.txt
	@echo "Installing what the demo needs …" >&2
	@$(BIN)/uv pip install $(UV_OPTIONS) --requirement requirements-demo.txt
	@touch $@

# OpenTelemetry and Sentry (docs/telemetry.md). Asked for again after each upgrade, since that installs exactly the pins.
.venv/telemetry-stamp: .venv/runtime-stamp requirements-telemetry.txt
	@echo "Installing what telemetry needs …" >&2
	@$(BIN)/uv pip install $(UV_OPTIONS) --requirement requirements-telemetry.txt
	@touch $@

setup-tests: .venv/tests-stamp

.venv/tests-stamp: .venv/runtime-stamp requirements-demo.txt requirements-telemetry.txt requirements-dev.txt
	@echo "Installing what the tests need …" >&2
	@$(SYNC) requirements.txt requirements-demo.txt requirements-telemetry.txt requirements-dev.txt
	@touch $@

lock:  ## write requirements*.txt anew from requirements*.in (the one lock step)
	for set in requirements requirements-demo requirements-telemetry requirements-dev requirements-idps; do $(BIN)/uv pip compile -q \
		--python-version 3.11 --universal --generate-hashes --no-emit-index-url -o $$set.txt $$set.in || exit 1; done

keep-release: setup-tests  ## COMMIT=…: keep a release's code, which the next one's migrations must not break
	$(BIN)/python -m tests.deploy.last_release.kept_code "$(COMMIT)"

messages: setup-tests  ## write the texts to translate to locale/, and compile the translations
	$(BIN)/python locale/messages.py

# ── The site ─────────────────────────────────────────────────────────────────────────────────────────────────────
run: setup  ## the whole site until Ctrl-C; keeps its data in DATA_DIR (default var/)
	@$(BIN)/python manage.py start

demo: .venv/demo-stamp  ## the whole site with a believable company and a pretend Entra
	@echo "Starting the demo: a company of 300 people in a site of its own; nothing else is touched …"
	@$(BIN)/python manage.py demo

# ── The tests ────────────────────────────────────────────────────────────────────────────────────────────────────
test: setup-tests system-packages check suite  ## everything: linters, types, import rules, and the tests on each database

system-packages:
	@tests/system-packages.sh

check: setup-tests  ## linters, types, import rules, migrations, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING
	$(BIN)/djlint --check --lint --quiet templates

suite: setup-tests
	@tests/run-suite.sh

test-idps: setup-tests system-packages .venv-idps/stamp  ## sign-in and sign-out with identity providers of others (Debian; some minutes)
	@tests/idps/install.sh
	TEST_IDPS=1 $(BIN)/pytest tests/idps

.venv-idps/stamp: .venv/made-in requirements-idps.txt
	@$(BIN)/python -m venv .venv-idps
	@$(BIN)/uv pip sync --quiet --require-hashes --python .venv-idps/bin/python requirements-idps.txt
	@touch $@

test-scale: setup-tests  ## every address at 100,000 people with its processor time, on PostgreSQL (a quarter of an hour)
	DATABASE_URL="$${TEST_DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres}" SCALE_PEOPLE=$${SCALE_PEOPLE:-100000} \
		$(BIN)/pytest -n 0 -s tests/scale/test_whole.py

chaos: setup-tests  ## processes killed and databases cut while an identity provider writes, for five minutes
	CHAOS_SECONDS=$${CHAOS_SECONDS:-300} $(BIN)/pytest -n 0 -s tests/chaos

fuzz: setup-tests  ## the generated tests, for longer
	FUZZ_REQUESTS=10000 $(BIN)/pytest tests/scim/test_fuzz.py
	HYPOTHESIS_PROFILE=long $(BIN)/pytest -n 2 -m hypothesis tests

screenshots: setup-tests system-packages  ## every state of every page, at two widths and in both themes, on var/screenshots/index.html
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.browser.screenshots var/screenshots

audit: setup-tests  ## known vulnerabilities of the pinned packages; says so where nobody could be asked
	@$(BIN)/python tests/vulnerabilities.py

test-pythons: setup-tests  ## the tests under Python 3.11 to 3.14 and Django's next version, as far as they are found
	@tests/pythons.sh

setup-pictures: setup-tests system-packages  ## the pictures of the set-up wizard, from the pretend Entra's own pages
	DJANGO_SETTINGS_MODULE=tests.settings $(BIN)/python -m tests.browser.setup_pictures gatekeeper/static/gatekeeper/setup

bench: setup-tests  ## the hot requests beside their floor; QUICK=1 in three minutes (Linux)
	@$(BIN)/python -m bench $(if $(QUICK),--quick)
	@$(if $(QUICK),,DATABASE_URL=$${DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres} $(BIN)/python -m bench.gate)

soak: setup-tests  ## the site at four fifths of what it can do, for half an hour: what grows? (Linux)
	@$(BIN)/python -m bench.soak --minutes $${MINUTES:-30}

bench-peers: setup-tests  ## the other servers beside which make bench measures ours (Python and Node packages)
	@bench/peers/install.sh

clean:  ## removes .venv, what test-idps fetched, and caches, never DATA_DIR
	rm -rf .tools .venv .venv-idps .venv-pythons .venv-peers .venv-web .idps .peers .mypy_cache .ruff_cache .pytest_cache .hypothesis
