# Thin on purpose: every target is a line or two. `make help` lists them.
# The first of these that is new enough: on Ubuntu 22.04 python3 itself is not.
ifndef PYTHON
PYTHON := $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c \
	'import sys; sys.version_info >= (3, 11) and print("$(name)")' 2>/dev/null)) python3)
endif
VENV := .venv
BIN := $(VENV)/bin
# For these two lines only: the engine's own pip must not hear of our pins. PIP_CONSTRAINT pins the build as well.
INSTALL := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=packaging/constraints.txt $(BIN)/python -m pip install --quiet
SCREEN := xvfb-run --auto-servernum --server-args="-screen 0 1440x900x24 -nolisten tcp -noreset"

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: setup ## open the window (the first time: set everything up)
	@$(BIN)/vllm-desktop

setup: $(VENV)/.run ## the program's environment and the libraries that Qt needs
	@$(PYTHON) packaging/system_libs.py

$(VENV)/.run: pyproject.toml packaging/constraints.txt
	$(PYTHON) packaging/make_venv.py $(VENV)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	$(INSTALL) --editable '.[dev]'
	@touch $@

dev: setup $(VENV)/.dev

check: dev ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: dev ## rewrite the files in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: dev ## the whole suite, on a virtual screen, with the real engine
	@$(PYTHON) packaging/system_libs.py --tests
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target test-engine test-parts

test-engine: # on the real engine: one desktop and one keyboard, so one after another
	$(SCREEN) $(BIN)/pytest tests/e2e

test-parts: # everything else, beside it
	$(SCREEN) $(BIN)/pytest --ignore tests/e2e

shots: dev ## pictures of every page and state into build/shots
	@$(PYTHON) packaging/system_libs.py --tests
	$(SCREEN) $(BIN)/python -m tests.shots build/shots

bench: dev ## speeds as ratios, into build/bench.json
	@$(PYTHON) packaging/system_libs.py --tests
	$(SCREEN) $(BIN)/python -m tests.benchmarks build/bench.json

clean: ## remove what was built
	rm -rf build $(VENV)

.PHONY: help run setup dev check format test test-engine test-parts shots bench clean
