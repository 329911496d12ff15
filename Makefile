# The two commands a fresh machine needs are `make demo` and `make test`; both set up what they use.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= out
WORKERS ?= 3
CORPUS ?= ../shared/corpus
INPUTS ?= 20000
SECONDS_EACH ?= 3
PIP := pip install --quiet --disable-pip-version-check

.PHONY: help setup tools demo test lint format types imports docs docs-check unit coverage wheel lock licences bench corpus accuracy fuzz test-lab clean

help: ## Show this list.
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.ready: pyproject.toml .ci/locked/build.txt .ci/locked/dev.txt
	@echo "setting up $(VENV) (once; takes about a minute)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m $(PIP) --require-hashes -r .ci/locked/build.txt
	$(BIN)/python -m $(PIP) --require-hashes --no-build-isolation -r .ci/locked/dev.txt
	$(BIN)/python -m $(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.ready ## Make the virtual environment with everything the tests need.

tools: ## Install the system tools some tests use (needs root and apt; says what is missing otherwise).
	@.ci/tools

demo: $(VENV)/.ready ## Run the whole job against the emulated town on loopback and leave a report in out/demo/.
	@$(BIN)/python -m lab.demo --out $(OUT)/demo

test: tools $(VENV)/.ready lint docs-check unit wheel ## Everything CI runs.

lint: $(VENV)/.ready ## Format check, lint, types, imports, data.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/auditor fingerprints lint
	$(BIN)/auditor-lab check

format: $(VENV)/.ready ## Bring the code into our form.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.ready ## Write generated text into README and docs anew.
	$(BIN)/cog -r README.md docs/*.md

docs-check: $(VENV)/.ready ## Check that generated text in README and docs is current.
	$(BIN)/cog --check --diff README.md docs/*.md

unit: $(VENV)/.ready ## The tests.
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

coverage: $(VENV)/.ready ## The tests, with branch coverage reported (takes a third longer).
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-branch --cov-report=term:skip-covered --cov-report=xml:$(OUT)/coverage.xml

wheel: $(VENV)/.ready ## Build the wheel, install it alone from locked packages, start it, leave its SBOM in out/.
	@.ci/wheel $(BIN)/python $(OUT)

lock: ## Choose the newest packages that pyproject.toml allows and write down their hashes (.ci/locked/).
	@.ci/lock

licences: $(VENV)/.ready ## List the licence of every package an installed auditor runs with.
	@.ci/licences $(BIN)/python

bench: $(VENV)/.ready ## Measure speed and memory, ratios in one run (not part of the tests).
	@$(BIN)/python -m tests.benchmarks --out $(OUT)/bench

corpus: $(VENV)/.ready ## Score the recorded replies of others in CORPUS (default ../shared/corpus).
	@$(BIN)/python -m tests.corpus --misses $(CORPUS)

accuracy: $(VENV)/.ready ## Write docs/accuracy.md anew from the recorded replies in CORPUS.
	@$(BIN)/python -m tests.corpus.accuracy --date "$$(date -u +%F)" --out docs/accuracy.md $(CORPUS)

fuzz: $(VENV)/.ready ## One more piece of fuzzing, added to tests/fuzz/counter.json (a few minutes; INPUTS, SECONDS_EACH bound each target).
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS) --seconds $(SECONDS_EACH)

test-lab: $(VENV)/.ready ## The compose lab on a Docker engine, where one can be started (about five minutes).
	@.ci/lab

clean: ## Remove what make made.
	rm -rf $(VENV) $(OUT) dist build .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
