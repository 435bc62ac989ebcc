# The contract with people and CI. Python 3.11 to 3.13; set PYTHON=python3.12 for another than the default.
PYTHON   ?= python3
INCIDENT ?= data/incidents/A-sidecar-throttle
VENV     := .venv
BIN      := $(VENV)/bin
# benchmarks of chance, not of cost: they may share the machine
CHANCE   := $(wildcard tests/benchmarks/test_calibration*.py tests/benchmarks/test_*_fuzz.py) tests/benchmarks/ranking
# a bare name means a bundled incident
FOLDER   := $(if $(wildcard $(INCIDENT)/incident.yaml),$(INCIDENT),$(if $(wildcard data/incidents/$(INCIDENT)),data/incidents/$(INCIDENT),$(INCIDENT)))

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev report test lint types check lab bench lock clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.installed  ## make .venv with the pinned packages

$(VENV)/.installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

setup-dev: $(VENV)/.installed-dev

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

report: setup  ## make the HTML postmortem of an incident: make report INCIDENT=data/incidents/...
	$(BIN)/postmortem report $(FOLDER)

test: setup-dev  ## run all tests (what needs a missing program is skipped and named)
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/nbstripout --verify notebooks/*.ipynb

types: setup-dev
	$(BIN)/mypy

check: lint types test  ## lint, types and tests: what must pass before a commit

lab: setup  ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab notebooks

bench: setup-dev  ## measure: calibration, CPU seconds, sizes; prints figures
	$(BIN)/python -m pytest $(CHANCE) -q -rP -n 2 --dist loadfile
	$(BIN)/python -m pytest tests/benchmarks -q -s --benchmark-disable-gc $(addprefix --ignore=,$(CHANCE))

lock:  ## pin the newest allowed versions (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -c requirements.lock -o requirements-dev.lock

clean:  ## remove .venv, caches and made reports
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .benchmarks data/incidents/*/report
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
