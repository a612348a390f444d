# Every target makes what it needs: a virtual environment in .venv, filled by pip from pyproject.toml.
# A stamp file remembers each installation, so that a second call costs nothing.
#
#   make run                         predict the rate of the 1,808 km record
#   make run SYSTEM=my-system.toml   predict the rate of another system
#   make test TEST_ARGS="-k crosstalk"
#   make bench BENCH_ARGS="--bench Evaluate"
#
# PYTHON chooses the interpreter that the environment is made with (3.11 or newer).

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
SYSTEM ?= nict-2025-1808km
RUN_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?= --quick

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
BENCH_MACHINE ?= local

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run test lint bench docs validate clean

help:
	@echo "make run | test | lint | bench | docs | validate | clean"
	@echo "Each makes its own environment in $(VENV); see README.md."

run: $(VENV)/.installed-run
	@$(BIN)/mcfiber run $(SYSTEM) $(RUN_ARGS)

# The second pass runs a quick set with the kernels as plain Python: both modes must agree.
test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(TEST_ARGS)
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m "nojit and not validate"

lint: $(VENV)/.installed-lint
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell mcfiber tests benchmarks docs README.md CONTRIBUTING.md CHANGELOG.md

bench: $(VENV)/.installed-bench
	cd benchmarks && ../$(BIN)/asv machine --yes --machine $(BENCH_MACHINE)
	cd benchmarks && ../$(BIN)/asv run $(BENCH_ARGS) --show-stderr --machine $(BENCH_MACHINE) \
	    --environment existing:$(abspath $(BIN))/python --set-commit-hash "$$(git rev-parse HEAD)"

docs: $(VENV)/.installed-docs
	$(BIN)/python -m sphinx --nitpicky --fail-on-warning --keep-going -b html docs docs/_build/html

# Long computations behind the committed results in validation/; `make test` only checks against those. Then every property
# again, over 5,000 examples that differ each time.
validate: $(VENV)/.installed-test
	@set -e; for script in validation/*.py; do \
	    if [ -e "$$script" ]; then echo "$$script"; $(BIN)/python "$$script"; fi; \
	done
	$(BIN)/python -m pytest -m validate || [ $$? -eq 5 ]  # 5: no test carries the mark
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest -m hypothesis

clean:
	rm -rf $(VENV) docs/_build docs/generated docs/jupyter_execute benchmarks/.asv build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage
	find mcfiber tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "no Python found; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "mcfiber needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	"$(PYTHON)" -m venv $(VENV)

$(VENV)/.installed-run: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.installed-%: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --editable ".[$*]"
	@touch $@
