.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV_READY := $(VENV)/.dev-ready
CLIENTS_READY := $(VENV)/.clients-ready
DUCKDB_2 := $(VENV)/duckdb-2
# What the compiled part of .venv is made of.
NATIVE := CMakeLists.txt $(shell find native/kernel native/arrow native/duckdb native/python -name '*.?pp' -o -name '*.py') native/exports.map
EDITABLE := --no-build-isolation --no-deps --reinstall-package vesto --config-settings build-dir=build/editable -e .
IMAGES := build/images/.ready
PEERS := $(VENV)/bench-peers
AUTOPILOT_PEERS := $(VENV)/autopilot-peers
EXTRAS := $(VENV)/extras
FUZZ := $(VENV)/fuzz
ON_DUCKDB_2 := tests/test_sql_cases.py tests/test_sql_properties.py tests/test_copy.py tests/test_native_scoring.py tests/conformance/test_engines.py tests/conformance/test_wide_models.py

.PHONY: help setup demo test test-clients test-extras test-sanitizers test-duckdb-matrix fuzz check coverage soak bench bench-dialect bench-scoring bench-explain bench-autopilot bench-autopilot-peers docs wheel lock clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

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

$(DUCKDB_2)/.ready: requirements/duckdb-2.txt | $(DEV_READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --no-deps --target $(DUCKDB_2) -r requirements/duckdb-2.txt
	touch $@

test-clients: $(CLIENTS_READY) ## connect with every driver that there is; skips are listed
	$(BIN)/python -m pytest tests/clients -rs

test: $(CLIENTS_READY) $(DUCKDB_2)/.ready ## run the tests, and those of SQL and engines on DuckDB 2 too; skips are listed
	$(BIN)/python -m pytest -rs
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

docs: $(READY) ## write the generated pages of docs/reference
	$(BIN)/python docs/generate.py

wheel: | $(VENV)/bin/uv ## build, repair and try a wheel in environments of its own
	tools/wheel.sh

lock: | $(VENV)/bin/uv ## lock the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 -c requirements/constraints.txt pyproject.toml -o requirements/main.txt
	echo 'duckdb>=2.0,<2.1' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 - -o requirements/duckdb-2.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group dev --extra pandas pyproject.toml -c requirements/main.txt -c requirements/constraints.txt -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 -c requirements/dev.txt requirements/clients.in -o requirements/clients.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group build -c requirements/dev.txt -o requirements/build.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --group wheel -c requirements/build.txt -o requirements/wheel.txt
	printf 'lightgbm>=4.6\nonnx>=1.19\nonnxruntime>=1.23\nnumba>=0.60\nshap>=0.49\nstatsforecast>=2.0\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --no-emit-package numpy --no-emit-package pyarrow --no-emit-package scipy --no-emit-package packaging --no-emit-package typing-extensions --no-emit-package narwhals --no-emit-package pandas --no-emit-package scikit-learn --no-emit-package joblib --no-emit-package threadpoolctl --no-emit-package python-dateutil --no-emit-package six --no-emit-package tzdata --no-emit-package tqdm --no-emit-package cloudpickle --no-emit-package colorama -c requirements/dev.txt - -o requirements/bench-peers.txt
	echo 'atheris>=3.0,<3.1' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 - -o requirements/fuzz.txt
	printf 'lightgbm>=4.6\ncatboost>=1.2.8\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-deps --python-version 3.11 - -o requirements/extras.txt
	printf 'autogluon.tabular[catboost,lightgbm,xgboost]>=1.4\nflaml>=2.3\n' | $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 - -o requirements/bench-autopilot-peers.txt

clean: ## remove .venv and what was built
	rm -rf $(VENV) build dist demo-warehouse
