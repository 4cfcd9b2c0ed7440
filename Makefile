# The only list of commands. It needs make and Python 3.11 (with venv); everything else it fetches, locked by hash.
#
#   make demo            PORT=8000  ELMED_DATA=./var  RESET=1
#   make test            ELMED_TEST_POSTGRES=postgres://…  (else the local socket)

SHELL := /bin/sh
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# What this Makefile hands to the programs, where it is set here or outside.
export PORT ELMED_DATA ELMED_TEST_POSTGRES

# The file itself, by the version that the source names: where it is gone it is built again.
CLIENT_WHEEL := dist/elmed_client-$(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' clients/python/src/elmed_client/version.py)-py3-none-any.whl

.DEFAULT_GOAL := help
.PHONY: help demo test e2e plugin client test-shop check bench bench-pages docs css messages install install-dev

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: install ## the whole system with believable data, on this machine only (RESET=1 starts anew)
	@$(MAKE) --no-print-directory client || echo "The Python client could not be built: the demo goes on without handing it out." >&2
	@exec $(BIN)/elmed demo $(if $(filter-out 0 no,$(RESET)),--reset)

test: install-dev ## every Python test, on SQLite and on PostgreSQL
	@$(BIN)/python tests/run.py $(ARGS)

e2e: install-dev ## the portals in a real browser: journeys, axe-core on every page, phones (Chromium, npm; ARGS="-k name")
	@$(BIN)/python e2e/run.py $(ARGS)

plugin: ## dist/elmed-for-woocommerce-VERSION.zip, the same bytes each time
	@$(PYTHON) tools/plugin.py

client: $(CLIENT_WHEEL) ## dist/elmed_client-VERSION-py3-none-any.whl, which an installation hands out

test-shop: install-dev ## the plugin on real WordPress (WOOCOMMERCE_DIR= adds WooCommerce), beside a real ELMED
	@$(BIN)/python woocommerce/tests/run.py

check: install-dev ## style, types, layers, generated files, migrations
	@$(BIN)/python tools/check.py

bench: install ## CPU and latency of list, read and dispense against a hand-written twin (PostgreSQL, wrk; 15 minutes)
	@$(BIN)/python -m benchmarks.run $(ARGS)

bench-pages: install ## CPU of the portals' pages at a million prescriptions (PostgreSQL; ARGS="--scale 0.01" to try it; 30 minutes)
	@$(BIN)/python -m benchmarks.pages.run $(ARGS)

docs: install-dev ## write the generated pages and the API's contract anew
	@$(BIN)/python tools/generate.py

messages: install-dev ## read the translatable words out of the code, and compile the translations
	@$(BIN)/python tools/messages.py

css: ## compile the portals' stylesheets (needs npm; the compiled files are committed)
	@npm ci --no-audit --no-fund
	@npm run css

$(CLIENT_WHEEL): .venv/.base tools/client.py $(shell find clients/python/src clients/python/pyproject.toml clients/python/README.md -type f -not -name '*.pyc')
	@$(BIN)/python tools/client.py

install: .venv/.base ## the virtual environment with what ELMED needs to run

install-dev: .venv/.dev ## the same with what the tests and the checks need

# Re-made only when the lock file or the package's own description changed.
.venv/.base: requirements/base.txt pyproject.toml
	@echo "Installing what ELMED needs into .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.base
	@echo "Installing what the tests and the checks need into .venv"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
