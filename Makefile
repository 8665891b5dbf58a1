# Everything here works from a bare checkout. `make run ARGS="--port 9000"` passes options on.
PYTHON_BIN := .venv/bin/python
ARGS ?=

.PHONY: help run test test-fast test-long lint bench audit release lock

help:
	@echo "make run        start the whole stack on this machine"
	@echo "make test       all tests, with real servers"
	@echo "make test-fast  the tests that need no server"
	@echo "make test-long  fuzzing by role, every page, 200 jobs under random kills"
	@echo "make lint       formatting, types, import rules, missing migrations"
	@echo "make bench      timings of this machine"
	@echo "make audit      licences, and known vulnerabilities where the database can be had"
	@echo "make release    archive and bill of materials of the last commit, in dist/"
	@echo "make lock       compile the requirements, with hashes"

run:
	@sh scripts/environment.sh
	@exec $(PYTHON_BIN) manage.py devstack $(ARGS)

test:
	@sh scripts/environment.sh dev
	@sh scripts/test.sh $(ARGS)

test-long:
	@sh scripts/environment.sh dev
	@$(PYTHON_BIN) -m pytest -m long -n auto -q $(ARGS)

test-fast:
	@sh scripts/environment.sh dev
	@$(PYTHON_BIN) -m pytest -m "not servers and not browser and not long" -n auto -q $(ARGS)

lint:
	@sh scripts/environment.sh dev
	@sh scripts/lint.sh

bench:
	@sh scripts/environment.sh dev
	@$(PYTHON_BIN) tests/bench/bench.py $(ARGS)

audit:
	@sh scripts/environment.sh dev
	@$(PYTHON_BIN) scripts/supply_chain.py licences
	@$(PYTHON_BIN) scripts/supply_chain.py audit

release:
	@sh scripts/environment.sh
	@$(PYTHON_BIN) scripts/release.py $(ARGS)

lock:
	@sh scripts/environment.sh dev
	@for name in requirements requirements-embedded requirements-dev; do \
		$(PYTHON_BIN) -m uv pip compile --generate-hashes --quiet --no-emit-index-url --no-header \
			$(ARGS) $$name.in -o $$name.txt || exit 1; \
	done
