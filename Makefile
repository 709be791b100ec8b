# Every target makes the environment it needs in .venv, so that each works as the first command of a fresh clone.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LIBRARIES := $(VENV)/.libraries
FAST := $(wildcard tests/unit tests/properties tests/scenarios tests/test_*.py)
SLOW := $(wildcard tests/statistics tests/engines tests/worlds tests/browser tests/sweeps)
# First Python that is new enough; override with `make PYTHON=/path/to/python`.
PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
# mesa-frames needs numpy 1.26, which is built for Python 3.12 and older: `make bench` leaves it out elsewhere.
FRAMES := $(shell $(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 13))' 2>/dev/null && echo .venv-frames)

.PHONY: help demo test test-slow lint bench reference evidence lock clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(READY)  ## run two scenarios with 25 draws each and compare them: tables, figures, a report, the answer
	$(BIN)/talentsim run baseline us-entry-restrictions --draws 25
	$(BIN)/talentsim compare baseline us-entry-restrictions --draws 25

test: $(READY)  ## the fast tests
	$(BIN)/python -m pytest -q -n auto $(FAST)

test-slow: $(READY)  ## the slow tests: statistics, engines, worlds, browser, sweeps
	$(if $(SLOW),$(BIN)/python -m pytest -q -n auto $(SLOW),@echo "no slow tests yet")

lint: $(READY)  ## style and types
	$(BIN)/ruff check sim tests scripts examples benchmarks
	$(BIN)/ruff format --check sim tests scripts examples benchmarks
	$(BIN)/mypy

bench: $(READY) .venv-bench/.ready $(FRAMES:%=%/.ready)  ## measure speed beside peers and the limit: a table and one JSON object
	$(BIN)/python -m benchmarks.bench --starsim .venv-bench/bin/python $(FRAMES:%=--frames %/bin/python) --write docs/performance.md

.venv-bench/.ready: benchmarks/requirements.lock
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --retries 5 --timeout 60 --require-hashes -r benchmarks/requirements.lock
	@touch $@

.venv-frames/.ready: benchmarks/requirements-frames.lock
	$(PYTHON) -m venv .venv-frames
	.venv-frames/bin/python -m pip install --quiet --retries 5 --timeout 60 --require-hashes -r benchmarks/requirements-frames.lock
	@touch $@

reference: $(READY)  ## run the shipped scenarios small: results/reference and docs/scenarios.md anew
	$(BIN)/python scripts/write_reference.py
	$(BIN)/python scripts/scenario_sensitivity.py
	$(BIN)/python scripts/write_scenarios.py
	$(BIN)/python scripts/report_screenshots.py

evidence: $(READY)  ## write docs/evidence.md and what the shipped draws say about the evidence anew (some five minutes)
	$(BIN)/python scripts/write_evidence.py

lock: $(READY)  ## write requirements.lock anew from pyproject.toml (needs pip-tools)
	$(BIN)/python -m piptools compile --extra dev --extra explore --extra dask --extra analysis --generate-hashes --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --no-header --strip-extras --allow-unsafe -o requirements.lock pyproject.toml

clean:  ## remove the environment and caches; results stay
	rm -rf $(VENV) .venv-bench .venv-frames .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(READY): $(LIBRARIES) pyproject.toml sim/__init__.py
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# The lock lists every package, so that nothing is resolved anew: --no-deps.
$(LIBRARIES): requirements.lock
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; none was found" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --retries 5 --timeout 60 --no-deps --require-hashes -r requirements.lock
	@touch $@
