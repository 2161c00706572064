# `make run` serves the demo, `make test` runs the tests; both make the environment first.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# What the pages are made from: web/hatch_build.py builds them whenever the gateway is installed.
WEB := schema.graphql $(shell find web -name node_modules -prune -o -name generated -prune -o -name __pycache__ -prune \
	-o -type f -print)

.PHONY: run test lint types schema check-schema bench clean

run: $(INSTALLED)
	$(BIN)/lineage-gateway demo

test: $(INSTALLED)
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED)
	$(BIN)/mypy

schema: $(INSTALLED)
	$(BIN)/lineage-gateway schema > schema.graphql.new
	mv schema.graphql.new schema.graphql

check-schema: $(INSTALLED)
	$(BIN)/lineage-gateway schema | diff schema.graphql -

bench: $(INSTALLED)
	$(BIN)/python bench/local_store.py
	$(BIN)/python bench/calls.py
	$(BIN)/python bench/load.py
	$(BIN)/python bench/faults.py
	$(BIN)/python bench/walks.py
	$(BIN)/python bench/execution.py
	$(BIN)/python bench/pages.py

clean:
	rm -rf $(VENV) .venv-clients build dist *.egg-info gateway/pages web/node_modules web/src/generated

$(INSTALLED): pyproject.toml $(WEB)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@
