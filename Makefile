# Lexicue: every target is one thing a person wants to do. `make help` lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEV    := $(VENV)/.installed-dev

.DEFAULT_GOAL := help
.PHONY: help install demo test check format test-vllm bench bench-vllm clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Lexicue needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Try: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(DEV): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev
	@touch $@

install: $(STAMP) ## make .venv/bin/lexicue

demo: $(STAMP) ## a study vocabulary from examples/, with the embedded engine
	$(BIN)/lexicue extract examples/the-bakery.srt --engine lexical

test: $(DEV) ## run the tests
	$(BIN)/python -m pytest -n auto

check: $(DEV) ## lint and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(DEV) ## mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-vllm: $(DEV) ## tests against a real vLLM on this CPU (installs it beside, about 2.5 GB)
	scripts/test-vllm

bench: $(DEV) ## the benchmarks of docs/benchmarks.md
	scripts/bench

bench-vllm: $(DEV) ## strategies on a real vLLM on this CPU
	scripts/bench-vllm

clean: ## remove the environments and caches
	rm -rf $(VENV) .venv-* .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
