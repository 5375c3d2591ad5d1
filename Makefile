# The commands of this project. Each works on a fresh machine with Python 3.11 or newer and make:
# the virtual environment it needs is made on first use, and renewed when pyproject.toml changes.
#
#   make demo    train the stop-quark classifier on simulated events and draw its plots
#   make test    all tests
#   make check   the quick gate: format, lint, types, the tests without the slow ones
#   make bench   compare the speed with other libraries (BENCH="--workloads mt,stop" passes options)
#   make docs    build the documentation site and run its examples
#   make index   note where public names, ops and hooks are declared, after adding or moving one
#   make clean   remove everything the other commands made
#
# PYTHON=/path/to/python chooses the interpreter, VENV=DIR the environment's folder,
# PYTEST_ARGS="-k name" passes options to the tests.

SHELL := /bin/bash
VENV ?= .venv
BENCH_VENV ?= .venv-bench
BIN := $(VENV)/bin
PYTEST_ARGS ?=
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n > 8 ? 8 : n )))
PEERS := tensorflow-cpu torch==2.13.0 jax keras

# The first of these that is 3.11 to 3.13; else the first that is newer; "none" if there is none.
CANDIDATES := python3 python python3.13 python3.12 python3.11 python3.14
fits = $(firstword $(foreach p,$(CANDIDATES),$(if $(shell $(p) -c 'import sys, venv; v = sys.version_info; sys.exit(not ($(1)))' >/dev/null 2>&1 && echo y),$(p))))
FOUND = $(firstword $(call fits,(3, 11) <= v < (3, 14)) $(call fits,v >= (3, 14)) none)
PYTHON ?= $(FOUND)

.PHONY: help demo test check bench docs index clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

# $(call install,EXTRA): an environment with the package, editable, and one extra.
define install
	@py="$(PYTHON)"; \
	if [ "$$py" = none ] || ! "$$py" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	  echo "tidefall needs Python 3.11 or newer; found: $$(python3 --version 2>&1 || echo no python3)." >&2; \
	  echo "Install one (for example 'apt install python3.11-venv'), or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; \
	  exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ]; then \
	  echo "making $(VENV) with $$("$$py" --version)"; \
	  "$$py" -m venv $(VENV) || { rm -rf $(VENV); echo "could not make $(VENV): does this Python have venv? (Debian: apt install python3-venv)" >&2; exit 1; }; \
	fi
	@echo "installing tidefall[$(1)] into $(VENV)"
	@$(BIN)/python -m pip install --disable-pip-version-check -qq -e ".[$(1)]"
	@touch $@
endef

$(VENV)/.demo: pyproject.toml
	$(call install,demo)

$(VENV)/.dev: pyproject.toml
	$(call install,dev)

$(VENV)/.bench: pyproject.toml
	$(call install,bench)

$(VENV)/.docs: pyproject.toml
	$(call install,docs)

$(BENCH_VENV)/.peers: $(VENV)/.bench
	@echo "making $(BENCH_VENV) with the libraries to compare with: $(PEERS) (about 3 GB)"
	@test -x $(BENCH_VENV)/bin/python || $(BIN)/python -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --disable-pip-version-check -qq $(PEERS)
	@touch $@

demo: $(VENV)/.demo
	$(BIN)/python examples/stop_susy.py

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff format --check . || { echo "=> repeat with: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check . || { echo "=> repeat with: $(BIN)/ruff check --fix ." >&2; exit 1; }
	@$(BIN)/mypy || { echo "=> repeat with: $(BIN)/mypy" >&2; exit 1; }
	@$(BIN)/python -m pytest -q -n $(WORKERS) -m "not slow" $(PYTEST_ARGS) || \
	  { code=$$?; echo "=> repeat one with: $(BIN)/python -m pytest PATH::NAME" >&2; exit $$code; }

bench: $(VENV)/.bench $(BENCH_VENV)/.peers
	$(BIN)/python -m benchmarks --peers $(BENCH_VENV)/bin/python $(BENCH)
	$(if $(BENCH),,$(BIN)/python -m benchmarks.pipelines --peers $(BENCH_VENV)/bin/python --out pipelines)

docs: $(VENV)/.docs
	$(BIN)/python -m pytest -q tests/docs
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html
	@echo "the site: docs/_build/html/index.html"

index: $(VENV)/.dev
	$(BIN)/python -m tests.make_index

clean:
	rm -rf $(VENV) $(BENCH_VENV) build dist demo-output docs/_build docs/api
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis benchmarks/limits/peak
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
