# make setup | demo | test: each works on a machine that has Python 3.11+ and make, and nothing else.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test screenshots clean

setup: .venv/ready

demo: setup
	$(BIN)/tagger demo

test: .venv/ready-dev
	scripts/install-test-tools.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov --cov-report=term:skip-covered --cov-fail-under=90 --durations=15

screenshots: .venv/ready-dev
	$(BIN)/python -m scripts.screenshots

.venv/ready: pyproject.toml constraints.txt scripts/setup.py
	$(PYTHON) scripts/setup.py
	@touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	@touch $@

clean:
	rm -rf .venv
