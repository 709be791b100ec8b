# Every target makes the environment it needs in .venv, so that each works as the first command of a fresh clone.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
CORE := $(VENV)/.core
READY := $(VENV)/.ready
NEWEST := .venv-3.13
# Byte code is made of what is imported, not of all that is installed: --no-compile.
INSTALL := -m pip install --quiet --retries 5 --timeout 60 --no-deps --require-hashes --no-compile
# First Python that is new enough; override with `make PYTHON=/path/to/python`.
ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell for each in python3.11 python3.12 python3.13 python3; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
endif
# Python 3.13, for the newest versions of everything; empty where there is none.
ifeq ($(origin PYTHON313),undefined)
PYTHON313 := $(shell for each in python3.13 $$HOME/.pyenv/versions/3.13.*/bin/python3.13; do \
	$$each -c 'import ensurepip, sys; sys.exit(sys.version_info[:2] != (3, 13))' 2>/dev/null && echo $$each && break; done)
endif
# mesa-frames needs numpy 1.26, which is built for Python 3.12 and older: `make bench` leaves it out elsewhere.
FRAMES := $(shell $(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 13))' 2>/dev/null && echo .venv-frames)
RESOLVE := .venv-lock/bin/uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet
COMPILE := $(RESOLVE) pyproject.toml
PYLOGIT := tests/model/choice/requirements-pylogit
ROCRATE := tests/bridges/requirements-rocrate
EDITORS := tests/bridges/requirements-editors
NEWER := tests/bridges/requirements-newest
FRICTIONLESS := tests/data/requirements-frictionless
ALONE := .venv-pylogit/.libraries .venv-rocrate/.libraries .venv-editors/.libraries .venv-frictionless/.libraries $(if $(PYTHON313),.venv-newest/.libraries)
DEMO := --draws 100 --replicates 1 --researchers 5000
MEASURE := $(BIN)/python -m coverage run -m pytest -q
# Tests of what is compiled that need no compiler.
PLAIN := tests/model/test_*s.py tests/model/test_population.py tests/model/test_year.py tests/model/choice/test_[lr]*.py \
	tests/engines/test_agents.py tests/engines/test_counts.py tests/engines/test_held_paths.py \
	tests/engines/test_kept_world.py tests/engines/expected
CHECKED := sim tests scripts examples benchmarks

.PHONY: help demo test test-slow test-3.13 coverage lint environments which-3.13 ci bench bench-quick reference evidence calibrate
.PHONY: site site-check calibration-page strict validate recovery lock clean

help:  ## list the targets
	@grep -E '^[a-z0-9.-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: $(CORE)  ## run two scenarios with 100 draws each and compare them: tables, figures, a report, the answer
	$(BIN)/python -m sim warm
	$(BIN)/python -m sim run baseline us-entry-restrictions $(DEMO)
	$(BIN)/python -m sim compare baseline us-entry-restrictions $(DEMO)

test: $(READY)  ## the fast tests
	$(BIN)/python -m pytest -q -n auto -m "not slow"

test-slow: $(READY) $(ALONE)  ## the slow tests: statistics, engines, worlds, browser, sweeps
	$(BIN)/python -m pytest -q -n auto -m slow

test-3.13: $(if $(PYTHON313),$(NEWEST)/.ready)  ## the fast tests on Python 3.13 with the newest versions, where it is there
	$(if $(PYTHON313),$(NEWEST)/bin/python -m pytest -q -n auto -m "not slow",@echo \
		"NOT RUN: Python 3.13 could not be found (python3.13, pyenv); the tests ran on $$($(PYTHON) --version) only")

coverage: $(READY)  ## lines and branches of sim/ that tests reach, what is compiled as plain Python (long: more than an hour)
	rm -rf build/coverage && mkdir -p build/coverage
	$(MEASURE) -n auto -m "not slow"
	$(MEASURE) -n auto -m slow tests/explorer tests/runs tests/cli tests/comparisons tests/api tests/calibration tests/sweeps/test_dask.py
	NUMBA_DISABLE_JIT=1 $(MEASURE) -n auto -m "not slow" $(PLAIN)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

lint: $(READY)  ## style, types, directions of imports, what is unsafe
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml --severity-level medium sim
	$(BIN)/python scripts/advisories.py
	$(BIN)/mypy
	if grep -q '^\[tool.importlinter\]' pyproject.toml; then $(BIN)/lint-imports; fi

environments: $(READY) .venv-site/.libraries $(ALONE) $(if $(PYTHON313),$(NEWEST)/.ready)  ## make what the tests run in

which-3.13:
	@echo $(PYTHON313)

ci: test lint site test-slow test-3.13  ## everything that must pass

bench: $(READY) .venv-bench/.ready $(FRAMES:%=%/.ready)  ## measure speed beside peers and the limit: a table and one JSON object
	$(BIN)/python -m benchmarks.bench --starsim .venv-bench/bin/python $(FRAMES:%=--frames %/bin/python) --write docs/performance.md
	$(BIN)/python -m benchmarks.waits $(BESIDE:%=--beside %) --write docs/performance.md

bench-quick: $(READY)  ## the benchmarks in a short form, at most three minutes: that they run, not how fast
	$(BIN)/python -m benchmarks.bench --sizes 5000,20000 --repetitions 1
	$(BIN)/python -m benchmarks.waits --draws 4 --repetitions 1

.venv-bench/.ready: benchmarks/requirements.lock
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --retries 5 --timeout 60 --require-hashes -r benchmarks/requirements.lock
	@touch $@

.venv-frames/.ready: benchmarks/requirements-frames.lock
	$(PYTHON) -m venv .venv-frames
	.venv-frames/bin/python -m pip install --quiet --retries 5 --timeout 60 --require-hashes -r benchmarks/requirements-frames.lock
	@touch $@

reference: $(READY)  ## run the shipped scenarios small: results/reference, docs/scenarios.md and docs/tutorial.ipynb anew
	$(BIN)/python scripts/write_reference.py
	$(BIN)/python scripts/scenario_sensitivity.py
	$(BIN)/python scripts/write_scenarios.py
	$(BIN)/python scripts/report_screenshots.py
	$(BIN)/python scripts/write_tutorial.py

evidence: $(READY)  ## write docs/evidence.md and what the shipped draws say about the evidence anew (some five minutes)
	$(BIN)/python scripts/write_evidence.py

calibration-page: $(READY)  ## write docs/calibration.md anew from the ensemble that ships (some minutes)
	$(BIN)/python scripts/write_calibration.py

calibrate: $(READY)  ## fit the draws to the record: the ensemble that runs use, and its record (at most an hour on two cores)
	$(BIN)/python -m sim calibrate

site: .venv-site/.libraries  ## build the site from the documents: build/site/index.html; a warning is an error
	.venv-site/bin/python -m sphinx -q -W --keep-going -b html docs build/site

site-check: site $(READY)  ## the commands and snippets of the pages, small; links inside the site, and a newcomer's path in a browser
	TALENTSIM_PAGES=1 $(BIN)/python -m pytest -q -n auto tests/site tests/browser/test_site.py

strict: $(READY)  ## the two ensembles that know one year alone, for the strict tests (some half an hour each on two cores)
	$(BIN)/python -m sim calibrate --only 2019 --points 200 60 200 --waves 2 --to results/validation
	$(BIN)/python -m sim calibrate --only 2022 --points 200 60 200 --waves 2 --to results/validation

validate: $(READY)  ## check the shipped ensemble, score the strict ones beside baselines: docs/validation.md (at most 15 minutes)
	$(BIN)/python scripts/write_validation.py

recovery: $(READY)  ## recover known truths with the bank of `make calibrate` (long; goes on where it was killed)
	$(BIN)/python scripts/write_validation.py --recovery results/calibration

lock:  ## write the locks anew from pyproject.toml; versions move in the one for Python 3.13 only
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv
	rm -f requirements-dev-3.13.lock
	$(COMPILE) --python-version 3.11 --all-extras --group dev -o requirements-dev.lock
	$(COMPILE) --python-version 3.11 --constraint requirements-dev.lock -o requirements.lock
	$(COMPILE) --python-version 3.13 --all-extras --group dev -o requirements-dev-3.13.lock
	$(COMPILE) --python-version 3.11 --extra agents --group site --constraint requirements-dev.lock -o requirements-site.lock
	$(RESOLVE) --python-version 3.11 $(PYLOGIT).in -o $(PYLOGIT).lock
	$(RESOLVE) --python-version 3.11 $(ROCRATE).in -o $(ROCRATE).lock
	$(RESOLVE) --python-version 3.11 $(EDITORS).in -o $(EDITORS).lock
	$(COMPILE) $(NEWER).in --python-version 3.12 --extra calibrate -o $(NEWER).lock
	$(RESOLVE) --python-version 3.11 $(FRICTIONLESS).in -o $(FRICTIONLESS).lock

clean:  ## remove the environments and caches; results stay
	rm -rf $(VENV) $(NEWEST) .venv-lock .venv-bench .venv-frames .venv-site .venv-pylogit .venv-rocrate .venv-editors .venv-newest .venv-frictionless build .pytest_cache .mypy_cache .ruff_cache .hypothesis

.venv-site/.libraries: requirements-site.lock
	$(PYTHON) -m venv .venv-site
	.venv-site/bin/python $(INSTALL) -r requirements-site.lock
	@touch $@

.venv-pylogit/.libraries: $(PYLOGIT).lock
	$(PYTHON) -m venv .venv-pylogit
	.venv-pylogit/bin/python $(INSTALL) -r $<
	@touch $@

.venv-rocrate/.libraries: $(ROCRATE).lock
	$(PYTHON) -m venv .venv-rocrate
	.venv-rocrate/bin/python $(INSTALL) -r $<
	@touch $@

.venv-editors/.libraries: $(EDITORS).lock
	$(PYTHON) -m venv .venv-editors
	.venv-editors/bin/python $(INSTALL) -r $<
	@touch $@

.venv-frictionless/.libraries: $(FRICTIONLESS).lock
	$(PYTHON) -m venv .venv-frictionless
	.venv-frictionless/bin/python $(INSTALL) -r $<
	@touch $@

# ArviZ 1.3 and ema-workbench 3 need Python 3.12.
.venv-newest/.libraries: $(NEWER).lock
	$(PYTHON313) -m venv .venv-newest
	.venv-newest/bin/python $(INSTALL) -r $<
	@touch $@

# The demo needs the core only and starts the package where it stands.
$(CORE): requirements.lock
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; none was found" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) -r requirements.lock
	@touch $@

# The locks list every package, so that nothing is resolved anew; the core's versions are the same in both.
$(VENV)/.libraries: requirements-dev.lock
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer is needed; none was found" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(INSTALL) -r requirements-dev.lock
	@touch $@

$(NEWEST)/.libraries: requirements-dev-3.13.lock
	$(PYTHON313) -m venv $(NEWEST)
	$(NEWEST)/bin/python $(INSTALL) -r requirements-dev-3.13.lock
	@touch $@

%/.ready: %/.libraries pyproject.toml sim/__init__.py
	$*/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
