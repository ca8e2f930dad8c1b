PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
LOCK := requirements-dev.lock

.PHONY: demo test test-airflow test-spark check bench bench-check reliability reliability-check planted planted-check docs docs-check lock clean

demo: .venv/ready-cli
	$(BIN)/rtcp demo

# With COVERAGE=1 the run leaves what `make check` judges, which else makes a run of its own.
test: .venv/ready-dev
	$(BIN)/python -m tests.suite $(if $(COVERAGE),--coverage)

check: .venv/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/python -m tests.docs.typecheck
	$(BIN)/lint-imports
	$(BIN)/python openapi/compile.py --check
	$(BIN)/python -m tests.suite --judge

# An environment for each version: Airflow shares none with its other versions, nor with the tests above.
test-airflow:
	rm -rf .coverage-airflow
	$(MAKE) --no-print-directory test-airflow-3
	$(MAKE) --no-print-directory test-airflow-2
	cd tests/airflow && ../../.venv-airflow-3/bin/coverage combine --rcfile=coverage.ini --quiet
	cd tests/airflow && ../../.venv-airflow-3/bin/coverage report --rcfile=coverage.ini

test-airflow-%: .venv-airflow-%/ready
	cd tests/airflow && ../../.venv-airflow-$*/bin/coverage run --rcfile=coverage.ini -m pytest -q -c pytest.ini -n 2

lock-airflow-%: .venv-airflow-%/ready
	.venv-airflow-$*/bin/python -m pip freeze --exclude-editable | grep -v ' @ ' > requirements-airflow-$*.lock

# Spark runs on Java, which no package of Python brings; executors are processes of their own.
test-spark: .venv-spark/ready
	@command -v java > /dev/null || { echo "Spark needs Java 17 or 21, and there is no java here; on Debian: apt-get install openjdk-17-jre-headless"; exit 1; }
	rm -rf .coverage-spark
	cd tests/spark && ../../.venv-spark/bin/coverage run --rcfile=coverage.ini -m pytest -q -c pytest.ini
	cd tests/spark && ../../.venv-spark/bin/coverage combine --rcfile=coverage.ini --quiet
	cd tests/spark && ../../.venv-spark/bin/coverage report --rcfile=coverage.ini

lock-spark: .venv-spark/ready
	.venv-spark/bin/python -m pip freeze --exclude-editable | grep -v ' @ ' > requirements-spark.lock

bench: .venv/ready-dev .venv-spark/ready
	$(BIN)/python -m benchmarks
	.venv-spark/bin/python -m benchmarks.spark

bench-check: .venv/ready-dev
	$(BIN)/python -m benchmarks --check

# Half an hour with ten minutes of load, and the figures of docs/reliability.md; the check is minutes.
reliability: .venv/ready-dev planted
	$(BIN)/python -m tests.reliability --full

reliability-check: .venv/ready-dev
	$(BIN)/python -m tests.reliability

# Bugs put in one at a time, each to be caught by the tests that answer for it; the check is a chosen third.
planted: .venv/ready-dev
	$(BIN)/python -m tests.planted --write

planted-check: .venv/ready-dev
	$(BIN)/python -m tests.planted --check

# The examples on the pages are run by the tests; here it is links, headings and signatures.
docs docs-check: .venv/ready-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet --site-dir site

lock: .venv/ready-dev .venv/ready-docs
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

.venv-airflow-%/ready: pyproject.toml requirements-airflow-%.lock
	test -x .venv-airflow-$*/bin/python || $(PYTHON) -m venv .venv-airflow-$*
	.venv-airflow-$*/bin/python -m pip install --quiet --constraint requirements-airflow-$*.lock \
		--editable '.[airflow,arrow,emulator]' pytest pytest-xdist coverage
	touch $@

.venv-spark/ready: pyproject.toml requirements-spark.lock
	test -x .venv-spark/bin/python || $(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip install --quiet --constraint requirements-spark.lock \
		--editable '.[spark,emulator,pytest]' 'pyspark[connect]' coverage
	touch $@

clean:
	rm -rf .venv .venv-airflow-* .venv-spark dist site .coverage* .mypy_cache .ruff_cache .hypothesis
