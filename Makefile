# `make demo` tries Linli, `make test` checks it. Both need Python 3.11 or newer, pip and make;
# everything else comes, by hash, into .venv.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps --no-compile
# the `linli` command, from this folder
COMMAND := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .

.PHONY: demo test lint bench

demo: .venv/ready
	@$(BIN)/linli demo $(ARGS)

test: lint
	@$(BIN)/pytest -n auto --dist loadfile $(ARGS)

bench: .venv/ready-dev
	@$(BIN)/linli bench $(ARGS)

lint: .venv/ready-dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

.venv/ready: requirements.txt | .venv/made
	@echo "installing what Linli needs into .venv (once) ..."
	@$(PIP) -r requirements.txt
	@$(COMMAND)
	@touch $@

.venv/ready-dev: requirements-dev.txt | .venv/made
	@echo "installing what Linli and its tests need into .venv (once) ..."
	@$(PIP) -r requirements-dev.txt
	@$(COMMAND)
	@touch $@ .venv/ready

.venv/made:
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Linli needs Python 3.11 or newer: name it with PYTHON=..., as in: make demo PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv
	@touch $@
