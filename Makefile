# The whole vocabulary of a working day. `make help` lists it.

.DEFAULT_GOAL := help
.PHONY: audit sbom help install run test test-long check lint types types-of-tests build bench lock image-digests clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/stamps

help:  ## List these words
	@awk -F':.*##' '/^[a-z-]+:.*##/ { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP)/run build  ## Install what the product needs and build its pages, without starting anything

run: $(STAMP)/run build  ## Start everything, with a fictional demo practice on the first start
	@exec $(BIN)/python -m clinic up

# What is compiled once serves every program that a test starts.
unexport PYTHONDONTWRITEBYTECODE
# One more than two cores: while one file waits for a program to start or to end, another goes on.
TEST_PROCESSES ?= 3

test: $(STAMP)/dev build browser proxy  ## Run the whole suite on real servers, in a real browser, also over https
	$(BIN)/python -m pytest -m "not long" -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder --durations 20

test-long: $(STAMP)/dev build browser proxy  ## The same at full size; takes hours
	LUMBAR_LONG=1 RACE_ROUNDS=300 $(BIN)/python -m pytest --timeout 7200

check: lint  ## What must hold for every commit
	$(BIN)/python -m pytest -q tests/test_hygiene.py tests/test_compose.py

lint: $(STAMP)/dev build  ## The same without the tests, which `make test` runs too
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j2 types types-of-tests
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet

# Each has a cache of its own and takes one core.
types:
	$(BIN)/mypy

types-of-tests:
	$(BIN)/mypy --config-file tests/mypy.ini

build: clinic/static/dist/manifest.json  ## Build styles and scripts into clinic/static/dist

bench: $(STAMP)/dev build  ## Print what things cost, as ratios
	$(BIN)/python -m bench

audit: $(STAMP)/audit  ## Compare the pinned versions with the public advisories; exit 2 says that they could not be reached
	@AUDIT_TOOLS=$(VENV)/audit/bin bash tools/audit.sh

sbom: $(STAMP)/audit  ## Write what the product is made of into var/sbom (CycloneDX)
	@bash tools/sbom.sh $(VENV)/audit/bin

lock:  ## Choose the newest fitting versions anew (needs uv)
	uv pip compile -q $(LOCKING) -o requirements.lock pyproject.toml
	uv pip compile -q $(LOCKING) --extra embedded --extra s3 -o requirements-run.lock pyproject.toml
	uv pip compile -q $(LOCKING) --extra embedded --extra s3 --extra dev -o requirements-dev.lock pyproject.toml
	uv pip compile -q $(LOCKING) -o requirements-node.lock requirements-node.in
	uv pip compile -q $(LOCKING) -o requirements-audit.lock requirements-audit.in
LOCKING := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock"

image-digests:  ## Pin the containers' base images to the digests behind their tags (needs docker or skopeo)
	$(PYTHON) tools/image_digests.py

clean:  ## Remove what can be made again; the data folder stays
	rm -rf $(VENV) node_modules clinic/static/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# --- how the words come true -------------------------------------------------------------------------------------------

.PHONY: browser proxy
browser:
	@bash tools/browser.sh

proxy:
	@bash tools/proxy.sh

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Lumbar needs Python 3.11 or newer."; exit 1; }
	@echo "Making a virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(STAMP)/run: requirements-run.lock | $(VENV)/bin/python
	@[ -e $(STAMP)/dev ] && [ $(STAMP)/dev -nt requirements-dev.lock ] || { \
	  echo "Installing what the product needs (about half a minute) ..."; \
	  $(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements-run.lock; }
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/dev: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing what the tests need (about a minute) ..."
	@$(BIN)/pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/audit: requirements-audit.lock | $(VENV)/bin/python
	@echo "Installing what looks through the pins ..."
	@$(PYTHON) -m venv $(VENV)/audit
	@$(VENV)/audit/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements-audit.lock
	@mkdir -p $(STAMP) && touch $@

clinic/static/dist/manifest.json: build.mjs package-lock.json $(shell find assets -type f) | $(VENV)/bin/python
	@bash tools/build.sh
