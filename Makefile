.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.dev-ready
CLIENTS_READY := $(VENV)/.clients-ready
DBT := $(VENV)/clients-dbt
NODE := $(VENV)/clients-node
SUPERSET := $(VENV)/superset
DUCKDB_2 := $(VENV)/duckdb-2
CLIENTS_DEBIAN := /usr/lib/postgresql/*/bin/psql:postgresql-client /usr/lib/postgresql/*/bin/pgbench:postgresql javac:default-jdk-headless node:nodejs npm:npm \
  /usr/share/java/postgresql.jar:libpostgresql-jdbc-java /usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so:odbc-postgresql /usr/lib/x86_64-linux-gnu/libodbc.so.2:unixodbc
SQLALCHEMY := $(VENV)/clients-sqlalchemy
# What the compiled part of .venv is made of.
NATIVE := CMakeLists.txt $(shell find native/kernel native/arrow native/duckdb native/python -name '*.?pp' -o -name '*.py') native/exports.map
EDITABLE := --no-build-isolation --no-deps --reinstall-package vesto --config-settings build-dir=build/editable -e .
IMAGES := build/images/.ready
PEERS := $(VENV)/bench-peers
AUTOPILOT_PEERS := $(VENV)/autopilot-peers
EXTRAS := $(VENV)/extras
FUZZ := $(VENV)/fuzz
ON_DUCKDB_2 := tests/test_sql_cases.py tests/test_sql_properties.py tests/test_catalogue.py tests/test_copy.py tests/test_native_scoring.py tests/conformance/test_engines.py tests/conformance/test_wide_models.py

.PHONY: help setup demo test clients-packages test-clients test-superset test-slow test-duckdb-2 test-extras test-sanitizers test-duckdb-matrix fuzz check coverage soak bench bench-dialect bench-scoring bench-explain bench-autopilot bench-autopilot-peers bench-server docs wheel lock clean

help: ## list the targets
	@sed -nE 's/^([a-z0-9-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

$(VENV)/bin/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(READY): requirements/main.txt requirements/build.txt pyproject.toml $(NATIVE) | $(VENV)/bin/uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/main.txt -r requirements/build.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(EDITABLE)
	touch $@

$(DEV_READY): requirements/dev.txt $(READY)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/dev.txt
	touch $@

$(CLIENTS_READY): requirements/clients.txt | $(DEV_READY)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/clients.txt
	touch $@

setup: $(DEV_READY) ## make .venv with everything for development

demo: $(READY) ## train a churn model on real data and predict with it
	$(BIN)/python -m vesto.cli.demo

$(DBT)/.ready: requirements/clients-dbt.txt | $(VENV)/bin/uv
	$(PYTHON) -m venv $(DBT)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(DBT)/bin/python --require-hashes -r requirements/clients-dbt.txt
	touch $@

$(NODE)/.ready: tests/clients/node/package.json tests/clients/node/package-lock.json
	mkdir -p $(NODE)
	cp tests/clients/node/package.json tests/clients/node/package-lock.json $(NODE)
	npm ci --prefix $(NODE) --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

clients-packages: ## install the programs that clients are, where Debian has them
	@set -e; missing=; for pair in $(CLIENTS_DEBIAN); do \
	  ls $${pair%%:*} > /dev/null 2>&1 || command -v $${pair%%:*} > /dev/null || missing="$$missing $${pair#*:}"; done; \
	  if test -n "$$missing" && test "$$(id -u)" = 0 && command -v apt-get > /dev/null; then \
	    apt-get update --quiet=2 && apt-get install --yes --quiet=2 --no-install-recommends $$missing; \
	  elif test -n "$$missing"; then echo "install first:$$missing"; exit 1; fi

$(SQLALCHEMY)/.ready: requirements/clients-sqlalchemy.txt | $(DEV_READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target $(SQLALCHEMY) -r requirements/clients-sqlalchemy.txt
	touch $@

$(DUCKDB_2)/.ready: requirements/duckdb-2.txt | $(DEV_READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target $(DUCKDB_2) -r requirements/duckdb-2.txt
	touch $@

test-clients: clients-packages $(CLIENTS_READY) $(DBT)/.ready $(SQLALCHEMY)/.ready ## connect with every client, slow ones too; one that is missing fails
	$(MAKE) --no-print-directory $(NODE)/.ready
	VESTO_CLIENTS=required $(BIN)/python -m pytest tests/clients -rs
	PYTHONPATH=$(SQLALCHEMY) VESTO_CLIENTS=required $(BIN)/python -m pytest tests/clients/test_sqlalchemy.py -k redshift

$(SUPERSET)/.ready: requirements/superset.txt | $(VENV)/bin/uv
	$(PYTHON) -m venv $(SUPERSET)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(SUPERSET)/bin/python --require-hashes -r requirements/superset.txt
	touch $@

test-superset: $(CLIENTS_READY) $(SUPERSET)/.ready ## chart predictions in Apache Superset and look at it in Chromium
	$(MAKE) --no-print-directory clients-packages CLIENTS_DEBIAN='/usr/bin/chromium:chromium /usr/bin/chromedriver:chromium-driver'
	$(BIN)/python -m pytest -n 0 tests/superset/superset_charts.py

test: $(CLIENTS_READY) $(if $(shell command -v npm),$(NODE)/.ready) ## run the tests but the slow ones; skips are listed
	$(BIN)/python -m pytest -rs -m "not slow and not slow_client"

test-slow: $(CLIENTS_READY) ## kill statements and servers at every step, five hundred connections, a short soak
	$(BIN)/python -m pytest -rs -m slow

test-duckdb-2: $(DUCKDB_2)/.ready ## run the tests of SQL, the catalogue and engines on DuckDB 2
	PYTHONPATH=$(DUCKDB_2) $(BIN)/python -m pytest $(ON_DUCKDB_2)

$(EXTRAS)/.ready: requirements/extras.txt | $(DEV_READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target $(EXTRAS) -r requirements/extras.txt
	touch $@

test-extras: $(EXTRAS)/.ready ## test LightGBM and CatBoost, which are extras
	PYTHONPATH=$(EXTRAS) $(BIN)/python -m pytest tests/parity tests/conformance/test_algorithms.py -k "lightgbm or catboost"

$(IMAGES): tools/write_images.py tools/large_programs.py tests/support/program_strategies.py $(wildcard src/vesto/programs/*.py) | $(DEV_READY)
	$(BIN)/python tools/write_images.py build/images
	touch $@

test-sanitizers: $(IMAGES) ## score on every path under address and undefined behaviour sanitizers
	$(BIN)/cmake -S . -B build/sanitizers -G Ninja -DCMAKE_MAKE_PROGRAM=$(abspath $(BIN)/ninja) -DVESTO_PYTHON=OFF -DVESTO_TESTS=ON -DVESTO_SANITIZE=address,undefined
	$(BIN)/cmake --build build/sanitizers
	build/sanitizers/arrow_edges
	build/sanitizers/replay build/images/*/*.image

test-duckdb-matrix: $(DEV_READY) ## the extension in nine versions of DuckDB and its command line
	$(BIN)/python tests/matrix/run.py

$(FUZZ)/.ready: requirements/fuzz.txt | $(DEV_READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target $(FUZZ) -r requirements/fuzz.txt
	touch $@

fuzz: $(IMAGES) $(FUZZ)/.ready ## fuzz the server's protocol and the loader of program images (15 minutes)
	tools/fuzz_protocol.sh 300
	tools/fuzz.sh 600

soak: $(DEV_READY) ## 64 clients that do everything at once and leave at any moment (10 minutes)
	VESTO_SOAK_S=600 $(BIN)/python -m pytest -n 0 -s tests/reliability/test_soak.py

check: $(DEV_READY) $(IMAGES) ## formatting, lint, types, layers, generated pages, a minute of fuzzing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	tools/fuzz.sh 60 or-skip

coverage: $(DEV_READY) ## branch coverage of the exact parts; fails below 95 %
	$(BIN)/python -m pytest -q --cov --cov-branch --cov-report=
	$(BIN)/python -m coverage report --fail-under=95 --skip-covered --include='*/vesto/dialect/*,*/vesto/commands/*,*/vesto/programs/*,*/vesto/catalog/*'

bench: $(DEV_READY) ## compare with plain XGBoost on every example set (30 minutes)
	$(BIN)/python -m benchmarks.first_model

bench-dialect: $(DEV_READY) ## compare the SQL front with DuckDB's own bind (a minute)
	$(BIN)/python -m benchmarks.dialect

$(PEERS)/.ready: requirements/bench-peers.txt | $(DEV_READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target $(PEERS) -r requirements/bench-peers.txt
	touch $@

bench-scoring: $(DEV_READY) $(PEERS)/.ready ## compare native scoring with XGBoost and others (at most 25 minutes)
	PYTHONPATH=$(PEERS) $(BIN)/python -m benchmarks.scoring

bench-autopilot: $(DEV_READY) $(PEERS)/.ready ## compare Autopilot with the kept runs of other engines (at most 60 minutes)
	PYTHONPATH=$(PEERS) $(BIN)/python -m benchmarks.autopilot

bench-autopilot-peers: $(DEV_READY) ## run what is missing of the other engines (hours)
	$(PYTHON) -m venv $(AUTOPILOT_PEERS)
	$(BIN)/uv pip install --quiet --python $(AUTOPILOT_PEERS)/bin/python --require-hashes -r requirements/bench-autopilot-peers.txt
	$(BIN)/python -m benchmarks.autopilot --peers $(abspath $(AUTOPILOT_PEERS))/bin/python --no-own

bench-explain: $(DEV_READY) $(PEERS)/.ready ## compare explanations with the shap package (2 minutes)
	PYTHONPATH=$(PEERS) $(BIN)/python -m benchmarks._autopilot_explain

bench-server: $(CLIENTS_READY) ## compare vesto serve with PostgreSQL 15 (at most 20 minutes)
	$(BIN)/python -m benchmarks.server

docs: $(READY) ## write the generated pages of docs/reference
	$(BIN)/python docs/generate.py

wheel: | $(VENV)/bin/uv ## build, repair and try a wheel in environments of its own
	tools/wheel.sh

lock: | $(VENV)/bin/uv ## lock the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 -c requirements/constraints.txt pyproject.toml -o requirements/main.txt
	echo 'duckdb>=2.0,<2.1' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 - -o requirements/duckdb-2.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group dev --extra pandas pyproject.toml -c requirements/main.txt -c requirements/constraints.txt -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 -c requirements/dev.txt requirements/clients.in -o requirements/clients.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements/clients-dbt.in -o requirements/clients-dbt.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 requirements/superset.in -o requirements/superset.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 requirements/clients-sqlalchemy.in -o requirements/clients-sqlalchemy.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group build -c requirements/dev.txt -o requirements/build.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group wheel -c requirements/build.txt -o requirements/wheel.txt
	printf 'lightgbm>=4.6\nonnx>=1.19\nonnxruntime>=1.23\nnumba>=0.60\nshap>=0.49\nstatsforecast>=2.0\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --no-emit-package numpy --no-emit-package pyarrow --no-emit-package scipy --no-emit-package packaging --no-emit-package typing-extensions --no-emit-package narwhals --no-emit-package pandas --no-emit-package scikit-learn --no-emit-package joblib --no-emit-package threadpoolctl --no-emit-package python-dateutil --no-emit-package six --no-emit-package tzdata --no-emit-package tqdm --no-emit-package cloudpickle --no-emit-package colorama -c requirements/dev.txt - -o requirements/bench-peers.txt
	echo 'atheris>=3.0,<3.1' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 - -o requirements/fuzz.txt
	printf 'lightgbm>=4.6\ncatboost>=1.2.8\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 - -o requirements/extras.txt
	printf 'autogluon.tabular[catboost,lightgbm,xgboost]>=1.4\nflaml>=2.3\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 - -o requirements/bench-autopilot-peers.txt

clean: ## remove .venv and what was built
	rm -rf $(VENV) build dist demo-warehouse
