# make run    set everything up and run the main job: examples/gemm on 64 simulated cores
# make test   set everything up and pass every test (lit, pytest, live TileLang)
# make lint   ruff and the type checker
# make bench  the benchmarks of tools/bench.py
# make corpus every example through every stage; CORPUS_ARGS="--upstream DIR" adds TileLang's own

SHELL := /bin/bash
.DELETE_ON_ERROR:

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; \
	done)
VENV := .venv
TL_VENV := .venv-tilelang
BIN := $(VENV)/bin
# Where torch without CUDA comes from when the configured index has no +cpu build.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
PYTEST_ARGS ?= -n auto
LIT_ARGS ?= -s --order=smart

.PHONY: run test test-lit test-python test-tilelang lint format bench corpus docs clean setup

run: $(VENV)/.ready
	$(BIN)/ttc compile examples/gemm.tir.json -o build/gemm
	$(BIN)/ttc run examples/gemm.tir.json --check --stats build/gemm-stats.json
	@echo
	@echo "The kernels, host program and plan are in build/gemm; docs/walkthrough.md explains them."
	@echo "To start from the live TileLang kernel (torch and tilelang, about 2 GB on disk):"
	@echo "    make $(TL_VENV)/.ready && $(TL_VENV)/bin/ttc run examples/gemm.py --check"

# All three run even when one fails.
test: setup
	@$(MAKE) --no-print-directory -k test-lit test-python test-tilelang

test-lit: $(VENV)/.dev $(VENV)/.mlir
	$(BIN)/lit $(LIT_ARGS) test

test-python: $(VENV)/.dev $(VENV)/.mlir
	$(BIN)/python -m pytest $(PYTEST_ARGS) -m "not tilelang" --ignore=test/live test

test-tilelang: $(TL_VENV)/.ready
	$(TL_VENV)/bin/python -m pytest -n 2 -m tilelang test

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev $(TL_VENV)/.ready
	$(BIN)/python tools/bench.py --tilelang-python $(TL_VENV)/bin/python

# Needs g++ for the native engine; CORPUS_ARGS="--engine sim" does without.
corpus: $(VENV)/.ready
	$(BIN)/python tools/corpus $(CORPUS_ARGS)

docs: $(VENV)/.dev
	$(BIN)/python tools/gen_docs.py

setup: $(VENV)/.dev $(VENV)/.mlir $(TL_VENV)/.ready

# ------------------------------------------------------------------------------ environments

define need_python
	@if [ -z "$(PYTHON)" ]; then \
	  echo "error: no Python >= 3.11 on the PATH."; \
	  echo "       Debian/Ubuntu: apt-get install python3 python3-venv"; \
	  echo "       elsewhere: https://www.python.org/downloads, or 'uv python install 3.11'"; \
	  exit 1; fi
endef

$(VENV)/.ready: pyproject.toml tools/preflight.py
	$(need_python)
	$(PYTHON) tools/preflight.py run
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.ready
	$(BIN)/python -m pip install -q -e '.[dev]'
	@touch $@

$(VENV)/.mlir: $(VENV)/.ready
	$(PYTHON) tools/preflight.py test
	@touch $@

# torch first, without CUDA: tilelang asks for torch and would otherwise fetch the large build.
$(TL_VENV)/.ready: pyproject.toml tools/preflight.py
	$(need_python)
	$(PYTHON) tools/preflight.py tilelang
	test -x $(TL_VENV)/bin/python || $(PYTHON) -m venv $(TL_VENV)
	$(TL_VENV)/bin/python -m pip install -q 'torch==2.13.0+cpu' 2>/dev/null \
	  || $(TL_VENV)/bin/python -m pip install -q torch==2.13.0 --extra-index-url $(TORCH_INDEX)
	$(TL_VENV)/bin/python -m pip install -q -e '.[dev,tilelang]'
	@touch $@

clean:
	rm -rf build .pytest_cache .ruff_cache .hypothesis
