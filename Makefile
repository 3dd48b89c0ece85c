# Every target sets up what it needs. Needed on the machine: Python 3.11 or newer (with venv), git and make.
# `make` alone lists the targets. PYTHON chooses the interpreter of a new environment: make env PYTHON=python3.13

PYTHON ?= python3
ARGS ?=
# More than two cores have: tests of whole processes wait a good part of their time.
WORKERS ?= 3

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
READY := $(VENV)/.ready
GENERATOR := $(VENV)/generator
CODE := src tests benchmarks
PAGE := src/fadearena/api/pages/dist/.sources
WEB := $(shell find web -path web/node_modules -prune -o -type f ! -name schema.d.ts -print 2>/dev/null)

# uv trusts the certificates that the system trusts, as pip and git do.
export UV_SYSTEM_CERTS ?= true
# What was compiled once is kept, whatever the shell says: tests start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: env
env: $(READY) page ## Build the environment in .venv from the hash locks, and the web page

# pip installs uv by hash, uv everything else. uv is in both locks, in one version, so the sync leaves it alone.
$(UV): requirements/bootstrap.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "FadeArena needs Python 3.11 or newer, this is " + sys.version)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.lock
	@touch $@

# --no-build-isolation: the build backend is the one in the lock, not one fetched for the occasion.
$(READY): $(UV) requirements/dev.lock pyproject.toml src/fadearena/__init__.py
	$(UV) pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements/dev.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

$(GENERATOR)/.ready: $(READY) requirements/generator.lock
	$(UV) venv --quiet --allow-existing --python $(BIN)/python $(GENERATOR)
	$(UV) pip sync --quiet --compile-bytecode --python $(GENERATOR)/bin/python --require-hashes requirements/generator.lock
	@touch $@

# The web page, by the system's Node.js, else by one from a package. Without any that is said, and the API says it too.
.PHONY: page
page: $(PAGE) ## Build the web page, if its sources changed

$(PAGE): $(READY) $(WEB) hatch_build.py requirements/node.lock
	@$(BIN)/python hatch_build.py node \
		|| $(UV) pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r requirements/node.lock \
		|| true
	@$(BIN)/python hatch_build.py

.PHONY: env-example
env-example: $(READY) ## Write .env.example anew from the settings
	$(BIN)/python -m fadearena.config > .env.example

.PHONY: demo
demo: $(READY) page ## Run the demo: make demo ARGS="..."
	$(BIN)/fadearena demo $(ARGS)

.PHONY: test
test: $(READY) page ## Run the tests, quick form, a few of them with a browser; with ARGS only those without
	@$(BIN)/python hatch_build.py run -s test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -m "not slow and not browser" $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m pytest -n 2 --dist loadfile -m "browser and not slow" tests/web)

# Measuring branches makes everything two to four times as slow, so it is done once, by the tests that are about model
# and core; all others, and the laws with more examples, then run without it. Tests with a browser go by file, as those
# of a file share an installation; what judges how fast the whole is comes last, with the machine for itself.
COVERING := tests/unit/core tests/unit/model tests/stories tests/golden

.PHONY: test-all
test-all: $(READY) $(GENERATOR)/.ready page ## Run all tests, long form, and demand 100 % branches of model and core
	@$(BIN)/python hatch_build.py run -s test
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report= $(COVERING) tests/laws
	$(BIN)/python -m coverage report --include='src/fadearena/model/*,src/fadearena/core/*' --fail-under=100
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --hypothesis-profile=long --durations=25 \
		-m "not alone and not browser" $(addprefix --ignore=,$(COVERING)) $(ARGS)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "browser and not alone" --durations=10 tests/web
	$(BIN)/python -m pytest -m alone --durations=10 tests/integration tests/web

.PHONY: test-browser
test-browser: $(READY) page ## Run all tests that need a browser: Chromium, or they skip
	$(BIN)/python -m pytest -m browser tests/web $(ARGS)

.PHONY: screenshots
screenshots: $(READY) page ## Take the pictures of the web page in docs/images anew: make screenshots
	$(BIN)/python -m tests.web.screenshots $(ARGS)

.PHONY: faults
faults: $(READY) ## Break live trading at every step of an order, kill the worker at every point; count what survived
	$(BIN)/python -m tests.faults $(ARGS)

.PHONY: faults-postgres
faults-postgres: $(READY) ## Restart, stop, cut off PostgreSQL under load; count what survived
	$(BIN)/python -m tests.faults.postgres $(ARGS)

.PHONY: soak
soak: $(READY) ## Tell 500 stories of faulty feeds, then kill a worker for minutes: make soak ARGS=--short
	$(BIN)/python -m tests.faults.soak $(ARGS)

.PHONY: lint
lint: $(READY) page ## Check style, format, types and import floors
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python hatch_build.py run -s lint
	@$(BIN)/python hatch_build.py run -s check

.PHONY: format
format: $(READY) page ## Format the code and mend what can be mended without a decision
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	@$(BIN)/python hatch_build.py run -s format

.PHONY: check
check: lint test-all ## All that has to pass before a change lands

.PHONY: bench
bench: $(READY) ## Run the benchmarks: make bench ARGS="..."
	$(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-api
bench-api: $(READY) ## What the API costs with years of history behind it, and /ws with a thousand clients
	$(BIN)/python -m benchmarks.api $(ARGS)
	$(BIN)/python -m benchmarks.stream $(ARGS)

# To raise versions too: make lock ARGS=--upgrade
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" --no-emit-index-url --no-emit-find-links $(ARGS)

.PHONY: bench-page
bench-page: $(READY) page ## What the page costs a browser: first paint, a year of equity, five minutes of 200 messages a second
	$(BIN)/python -m tests.web.load $(ARGS)

.PHONY: lock
lock: $(UV) ## Write requirements/*.lock anew from pyproject.toml
	$(LOCK) --group bootstrap --output-file requirements/bootstrap.lock
	$(LOCK) --output-file requirements/runtime.lock pyproject.toml
	$(LOCK) --group generator --output-file requirements/generator.lock
	$(LOCK) --group node --output-file requirements/node.lock
	$(LOCK) --all-extras --group dev --constraints requirements/bootstrap.lock --constraints requirements/runtime.lock --output-file requirements/dev.lock pyproject.toml

.PHONY: clean
clean: ## Remove the environment, caches and builds
	rm -rf web/node_modules src/fadearena/api/pages/dist
	rm -rf $(VENV) build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +
