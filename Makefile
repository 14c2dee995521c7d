# Everything a newcomer and a contributor needs. `make` alone lists the targets.

PYTHON ?= python3
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints-cpu.txt
SOURCES := src tests scripts examples benchmarks deploy

# Stamps are written last: what was interrupted half-way is done again by the next `make`.
ENVIRONMENT := $(VENV)/.made
CORE := $(VENV)/.core-installed
DEVELOPMENT := $(VENV)/.dev-installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(CORE) ## Install the light core, and recognise the recordings in examples/
	@echo "The recordings in examples/ are synthetic speech: nobody speaks in them, and there is no"
	@echo "right answer to compare with. They show that everything works."
	@$(BIN)/affekt predict examples/

.PHONY: setup
setup: $(DEVELOPMENT) ## Install everything for development into .venv

.PHONY: test
test: $(DEVELOPMENT) ## Run the tests (ARGS="-k audio" and the like go to pytest)
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

.PHONY: check
check: $(DEVELOPMENT) ## Check style, types, import rules, and that generated pages are fresh
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate_docs.py --check

.PHONY: format
format: $(DEVELOPMENT) ## Format the code, and mend what can be mended by itself
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

.PHONY: generate
generate: $(DEVELOPMENT) ## Write the generated pages and tables anew
	$(BIN)/python scripts/generate_docs.py

.PHONY: docs
docs: $(DEVELOPMENT) ## Build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

.PHONY: figures
figures: $(DEVELOPMENT) ## Measure the shipped models on the lockbox (once per release candidate)
	$(BIN)/python scripts/measure_release.py

.PHONY: clean
clean: ## Remove .venv and everything that was built
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# A working .venv that somebody made by hand is kept; a broken or half-made one is made anew.
$(ENVIRONMENT):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Affekt needs Python 3.11 or newer and found " + sys.version.split()[0] + "; name another one: make demo PYTHON=python3.12")'
	@$(BIN)/python -m pip show --quiet pip 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(CORE): $(ENVIRONMENT) pyproject.toml constraints-cpu.txt
	@echo "Installing the light core into $(VENV) ..."
	@$(INSTALL) --no-compile --editable .  # bytecode of modules nobody imports is 35 MB
	@touch $@

$(DEVELOPMENT): $(ENVIRONMENT) pyproject.toml constraints-cpu.txt
	@echo "Installing everything for development into $(VENV), a few minutes the first time ..."
	@$(INSTALL) --editable '.[dev]'
	@touch $@ $(CORE)
