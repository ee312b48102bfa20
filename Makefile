# make demo: the main job on a bundled world · make test: everything · make test-quick: without servers and browser
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup dev demo test test-quick lint bench soak lock clean

setup: $(VENV)/.ready
dev: $(VENV)/.ready-dev

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "moksori needs Python 3.11 or newer, this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.ready: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing locked, hash-checked dependencies into $(VENV) …"
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

demo: setup
	$(BIN)/moksori demo $(ARGS)

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: dev
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate --quiet --custom-compile-command "make lock" pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-annotate --quiet --custom-compile-command "make lock" --group dev pyproject.toml -o requirements-dev.lock

test: dev
	scripts/test all

test-quick: dev
	scripts/test quick

# The servers go on running afterwards: scripts/services down stops them.
bench: dev
	variables=$$(scripts/services up kafka elasticsearch) && eval "$$variables" && $(BIN)/moksori bench $(ARGS)

# The fault tests for 20 minutes, with a seed of its own each time (it is printed).
soak: dev
	variables=$$(scripts/services up) && eval "$$variables" && export MOKSORI_FAULT_SECONDS=600 MOKSORI_FAULT_SEED=$$RANDOM && \
	echo "seed $$MOKSORI_FAULT_SEED" && $(BIN)/pytest -q -s tests/faults; scripts/services down

clean:
	rm -rf $(VENV) build *.egg-info var
