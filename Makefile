PYTHON ?= python3.11
BIN := .venv/bin
LOCK := requirements-dev.lock

.PHONY: demo test check bench bench-check docs docs-check lock clean

demo: .venv/ready-cli
	$(BIN)/rtcp demo

test: .venv/ready-dev
	$(BIN)/python -m pytest

check: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python openapi/compile.py --check
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

bench: .venv/ready-dev
	$(BIN)/python -m benchmarks

bench-check: .venv/ready-dev
	$(BIN)/python -m benchmarks --check

# The examples on the pages are run by the tests; here it is links, headings and signatures.
docs docs-check: .venv/ready-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

lock: .venv/ready-dev
	$(BIN)/python -m pip freeze --exclude-editable | grep -v ' @ ' > $(LOCK)

.venv/ready-cli: pyproject.toml $(LOCK)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable '.[cli,emulator]'
	touch $@

.venv/ready-dev: pyproject.toml $(LOCK)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable '.[dev]'
	touch $@

.venv/ready-docs: pyproject.toml $(LOCK)
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint $(LOCK) --editable '.[docs]'
	touch $@

clean:
	rm -rf .venv dist site .coverage* .mypy_cache .ruff_cache .hypothesis
