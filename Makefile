# `make demo` tries Linli, `make test` checks it. Both need Python 3.11 or newer, pip and make;
# everything else comes, by hash, into .venv.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --no-deps --no-compile
# the `linli` command, from this folder
COMMAND := $(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
ROOMS := bot domain handlers models sandbox scheduler services web

# compiled once and kept: without, each start takes three seconds more
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test lint bench chaos chaos-long drill-restart drill-failover fuzz audit

demo: .venv/ready
	@$(BIN)/linli demo $(ARGS)

test: lint
	@$(BIN)/pytest -n auto --dist worksteal $(ARGS)

bench: .venv/ready-dev
	@$(BIN)/linli bench $(ARGS)

# the fault suite: 100 kills, 200 seeds, power cuts and every fault in about ten minutes
chaos: .venv/ready-dev
	@$(BIN)/python -m tests.chaos $(ARGS)

# 1,000 kills, 10,000 seeds, a flood of 20,000; stopped, it goes on where it was
chaos-long: .venv/ready-dev
	@LINLI_TEST_FLOOD=20000 $(BIN)/python -m tests.chaos --kills 1000 --seeds 10000 --state chaos-state.json $(ARGS)

# two replicas on one PostgreSQL are restarted in turn, under load
drill-restart: .venv/ready-dev
	@$(BIN)/python -m bench.drills.restart $(ARGS)

# a primary with a synchronous standby is killed, under load; as root, on Debian
drill-failover: .venv/ready-dev
	@$(BIN)/python -m bench.drills.failover $(ARGS)

lint: .venv/ready-dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.bandited $(ROOMS)

# hostile input for eight minutes: as much of a million updates as the machine does in that time, and
# their like; with the seed it prints, as in ARGS="--seed 7", it goes on where it stopped
fuzz: .venv/ready-dev .venv/ready-fuzz
	@$(BIN)/python -m tests.fuzz $(ARGS)

# asks PyPI for advisories about what is locked, so it needs its network; unknown counts as a failure
audit: .venv/ready-dev
	@$(BIN)/pip-audit --strict --disable-pip -r requirements-dev.txt $(ARGS)

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

.venv/ready-fuzz: requirements-fuzz.txt | .venv/ready-dev
	@$(PIP) -r requirements-fuzz.txt 2>/dev/null || echo "atheris has no wheel for this machine: the coverage-guided part is left out"
	@touch $@

.venv/made:
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("Linli needs Python 3.11 or newer: name it with PYTHON=..., as in: make demo PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv
	@touch $@
