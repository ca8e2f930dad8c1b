PYTHON ?= python3.11
BIN := .venv/bin
LOCK := requirements-dev.lock

.PHONY: demo test check bench bench-check docs lock clean

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

docs: .venv/ready-dev
	$(BIN)/python -m pytest tests/docs -q

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

clean:
	rm -rf .venv dist site .coverage* .mypy_cache .ruff_cache .hypothesis
