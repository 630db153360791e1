# make setup | demo | test: each works on a machine that has Python 3.11+ and make, and nothing else.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test screenshots messages clean

setup: .venv/ready

demo: setup
	$(BIN)/tagger demo

test: .venv/ready-dev
	scripts/install-test-tools.sh
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered --cov-fail-under=90 --durations=15

screenshots: .venv/ready-dev
	$(BIN)/python -m scripts.screenshots

# Brings the pages' catalogues in step with the code; what is new is empty then: a test says so until it is translated.
messages: .venv/ready-dev
	mkdir -p build
	$(BIN)/pybabel -q extract --no-location --sort-output --project=tagger -o build/messages.pot streamlit_app
	for language in es uk ru; do \
		$(BIN)/pybabel -q update -N --ignore-obsolete --omit-header --init-missing -w 100 \
			-D streamlit_app -d streamlit_app/locale -i build/messages.pot -l $$language || exit 1; \
	done

.venv/ready: pyproject.toml constraints.txt scripts/setup.py
	$(PYTHON) scripts/setup.py
	@touch $@

.venv/ready-dev: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[demo,dev]'
	@touch $@

clean:
	rm -rf .venv
