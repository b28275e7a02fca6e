# Every command of the project. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo up test check style types suite fmt build fast bench walk deep soak screenshots messages docs etsi clean
PY ?=
BIN := .venv/bin

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 14

demo: build ## start Nhịp with the model city and print its address
	@$(BIN)/nhip demo $(ARGS)

up: build ## start Nhịp on the data in var/
	@$(BIN)/nhip up $(ARGS)

test: build .venv/.dev ## everything that CI runs: style, types, import rules, the whole suite with a browser
	@scripts/install_test_tools.sh
	@$(MAKE) --no-print-directory style
	@$(MAKE) --no-print-directory -j 2 types suite

check: style types ## the quick part of the tests: ruff, mypy, import rules

style: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: .venv/.dev # mypy takes a minute on a clean checkout, and the suite often waits: `make test` runs both at once
	$(BIN)/mypy

suite: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal -q $(ARGS)

fmt: .venv/.dev ## format the code
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

build: .venv/.runtime ## make the environment and the browser files
	@$(BIN)/python scripts/build_web.py

fast: build .venv/.dev ## compile the live graph's inner loop (needs a C compiler): the same, with less processor time
	@$(BIN)/python scripts/compile_graph.py

bench: fast ## measure; writes bench/results.json
	$(BIN)/python -m bench $(ARGS)

walk: .venv/.dev ## hundreds of made-up requests for each operation of both OpenAPI files; no server error, no private name
	NHIP_WALK_EXAMPLES=$${EXAMPLES:-200} $(BIN)/python -m pytest -q --timeout=7200 tests/portal/test_openapi.py tests/things/test_interface.py $(ARGS)

deep: .venv/.dev ## property tests with 20 times as many examples that nobody saw before: make deep [TIMES=20]
	NHIP_TEST_TIMES=$(or $(TIMES),20) $(BIN)/python -m pytest -n 2 -q --timeout=14400 $(ARGS)

soak: .venv/.dev ## kill what writes the graph, PostgreSQL, and cities that mirror each other, hundreds of times; nothing may be lost
	$(BIN)/python -m tests.graph.store.killing $(ARGS)
	$(BIN)/python -m tests.graph.mirrors.killing $(MIRRORS)

screenshots: build .venv/.dev ## remake the pictures of the README and the docs
	$(BIN)/python scripts/screenshots.py

messages: .venv/.dev ## collect user-visible text into the catalogues
	$(BIN)/python scripts/messages.py

docs: .venv/.dev ## remake the generated reference pages
	$(BIN)/python scripts/reference.py
	$(BIN)/python scripts/asvs.py
	$(BIN)/python scripts/ngsi_ld.py

etsi: build ## run the NGSI-LD suite of ETSI: make etsi SUITE=folder [TREE=TP|IOP_TP] [TEST=name]
	@$(BIN)/python scripts/etsi.py "$(SUITE)" --tree "$(or $(TREE),TP)" $(if $(TEST),--test "$(TEST)")

clean: ## remove the environment, builds and ALL data in var/, those of `make up` too
	rm -rf .venv node_modules build var bench/work

.venv/bin/python:
	@scripts/make_environment.sh $(PY)

.venv/.runtime: requirements.txt pyproject.toml | .venv/bin/python
	@$(BIN)/python scripts/install_packages.py requirements.txt "what Nhịp stands on"
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/.dev: requirements-dev.txt .venv/.runtime
	@$(BIN)/python scripts/install_packages.py requirements-dev.txt "the tools of the tests"
	@touch $@
