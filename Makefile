.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.dev-ready
DUCKDB_2 := $(VENV)/duckdb-2
ON_DUCKDB_2 := tests/test_sql_cases.py tests/test_sql_properties.py tests/test_copy.py tests/conformance

.PHONY: help setup demo test check coverage bench bench-dialect docs lock clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(READY): requirements/main.txt pyproject.toml | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/main.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-deps -e .
	touch $@

$(DEV_READY): requirements/dev.txt $(READY)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	touch $@

setup: $(DEV_READY) ## make .venv with everything for development

demo: $(READY) ## train a churn model on real data and predict with it
	$(BIN)/python -m vesto.cli.demo

$(DUCKDB_2)/.ready: requirements/duckdb-2.txt | $(DEV_READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target $(DUCKDB_2) -r requirements/duckdb-2.txt
	touch $@

test: $(DEV_READY) $(DUCKDB_2)/.ready ## run the tests, and those of SQL and engines on DuckDB 2 too
	$(BIN)/python -m pytest
	PYTHONPATH=$(DUCKDB_2) $(BIN)/python -m pytest $(ON_DUCKDB_2)

check: $(DEV_READY) ## formatting, lint, types, layers, generated pages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check

coverage: $(DEV_READY) ## branch coverage of the exact parts; fails below 95 %
	$(BIN)/python -m pytest -q --cov --cov-branch --cov-report=
	$(BIN)/python -m coverage report --fail-under=95 --skip-covered --include='*/vesto/dialect/*,*/vesto/commands/*,*/vesto/programs/*,*/vesto/catalog/*'

bench: $(DEV_READY) ## compare with plain XGBoost on every example set (30 minutes)
	$(BIN)/python -m benchmarks.first_model

bench-dialect: $(DEV_READY) ## compare the SQL front with DuckDB's own bind (a minute)
	$(BIN)/python -m benchmarks.dialect

docs: $(READY) ## write the generated pages of docs/reference
	$(BIN)/python docs/generate.py

lock: | $(VENV)/bin/uv ## lock the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 -c requirements/constraints.txt pyproject.toml -o requirements/main.txt
	echo 'duckdb>=2.0,<2.1' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 - -o requirements/duckdb-2.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group dev --extra pandas pyproject.toml -c requirements/main.txt -c requirements/constraints.txt -o requirements/dev.txt

clean: ## remove .venv and what was built
	rm -rf $(VENV) demo-warehouse
