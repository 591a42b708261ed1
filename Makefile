# `make demo` issues licences from an empty machine; `make run` opens the same office and keeps it open.
SHELL := /bin/sh
PY := .venv/bin/python
PARAF := $(PY) -m ops.cli
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); if [ $$n -gt 4 ]; then echo 4; else echo $$n; fi)
PYTEST_ARGS ?=
CODE := api workers models ops tests clients
# Else every process of the office compiles the house's own modules anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo run test check static letter bench screens faults fuzz lock venv dev tools clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

demo: .venv/run.stamp ## issue licences through the whole office, from the counter to the hand-over
	@$(PARAF) demo

run: .venv/run.stamp ## open the office and keep it open (Ctrl-C closes it)
	@$(PARAF) run

letter: .venv/run.stamp ## the sample licence as PDF and PNG, without database or queue
	@$(PARAF) letter

test: dev tools ## all tests
	@$(PY) -m pytest -n $(JOBS) --dist loadgroup $(PYTEST_ARGS)

check: static test ## everything that CI checks

static: dev ## every check but the tests
	$(PY) -m ruff format --check $(CODE)
	$(PY) -m ruff check $(CODE)
	$(PY) -m mypy
	.venv/bin/lint-imports
	.venv/bin/djlint --lint --quiet templates
	.venv/bin/deptry .
	$(PARAF) migrate --check

bench: dev ## all benchmarks, as tables
	@$(PARAF) bench letters
	@$(PARAF) bench pipeline
	@$(PARAF) bench intake
	@$(PARAF) bench pages
	@$(PARAF) bench audit

SCREENS ?= var/screens
screens: dev tools ## every page of a real office at 360, 768 and 1280 pixels, as PNGs to be looked at (SCREENS=var/screens)
	@$(PY) -m tests.browser.screens $(SCREENS)

FUZZ ?= 5000
faults: dev ## a whole office, 200 applications, 40 faults (some minutes)
	@$(PARAF) faults --cases 200 --faults 40 --seed 1

fuzz: dev ## attack uploads, the API and the use cases with made-up input for minutes (FUZZ=5000 examples each)
	@PARAF_FUZZ_EXAMPLES=$(FUZZ) $(PY) -m pytest tests/security/test_fuzz_uploads.py -p no:cacheprovider
	@PARAF_FUZZ_EXAMPLES=$(FUZZ) $(PY) -m pytest tests/security/test_fuzz_api.py -p no:cacheprovider
	@PARAF_MODEL_STEPS=$$(( $(FUZZ) * 10 )) $(PY) -m pytest tests/models/machine_model/test_state_machine.py -p no:cacheprovider

LOCK := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11
lock: ## resolve the dependencies anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv" >&2; exit 1; }
	$(LOCK) -o requirements.lock pyproject.toml
	$(LOCK) --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml

venv: .venv/run.stamp ## the environment for demo and run
dev: .venv/dev.stamp
tools:
	@ops/test-tools.sh

.venv/run.stamp: requirements.lock ops/venv.sh
	@[ -e .venv/dev.stamp ] && [ .venv/dev.stamp -nt requirements-dev.lock ] && [ .venv/dev.stamp -nt requirements.lock ] \
		|| ops/venv.sh requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock ops/venv.sh
	@ops/venv.sh requirements-dev.lock
	@touch .venv/run.stamp $@

clean: ## forget the local office and every cache; the environment stays
	@if [ -f var/servers/postgres.elsewhere ]; then rm -rf "$$(cat var/servers/postgres.elsewhere)"; fi
	rm -rf var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
