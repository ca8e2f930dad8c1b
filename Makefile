PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test test-airflow test-spark test-notebooks check bench bench-check reliability reliability-check planted planted-check mutation docs docs-check docs-crawl chromium release release-check lock clean

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

# Spark runs on Java, which no package of Python brings; executors are processes of their own.
test-spark: .venv-spark/ready .venv/ready-dev
	$(BIN)/pyright --project tests/spark/pyrightconfig.json --pythonpath .venv-spark/bin/python
	@command -v java > /dev/null || { echo "Spark needs Java 17 or 21, and there is no java here; on Debian: apt-get install openjdk-17-jre-headless"; exit 1; }
	rm -rf .coverage-spark
	cd tests/spark && ../../.venv-spark/bin/coverage run --rcfile=coverage.ini -m pytest -q -c pytest.ini
	cd tests/spark && ../../.venv-spark/bin/coverage combine --rcfile=coverage.ini --quiet
	cd tests/spark && ../../.venv-spark/bin/coverage report --rcfile=coverage.ini

# The notebooks of the examples, each in a kernel of its own; `python -m tests.notebooks --write` keeps what they gave.
test-notebooks: .venv/ready-dev
	$(BIN)/python -m tests.notebooks

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
planted: .venv/ready-dev .venv-spark/ready
	$(BIN)/python -m tests.planted --write
	.venv-spark/bin/python -m tests.planted --spark

planted-check: .venv/ready-dev
	$(BIN)/python -m tests.planted --check

# Hours: random changes to what must not be wrong, of which a test should notice nearly all. Goes on where it stopped.
mutation: .venv/ready-dev .venv-mutation/ready
	.venv-mutation/bin/python -m tests.mutation

# The examples on the pages are run by the tests; here it is links, headings, signatures, and what Chromium sees of it:
# of every kind of page in `docs-check`, of all pages in all states in `docs-crawl`.
docs: .venv/ready-dev
	$(BIN)/python -m docs._site

docs-check: docs chromium
	$(BIN)/python -m tests.docs.crawl

docs-crawl: docs chromium
	$(BIN)/python -m tests.docs.crawl --all

# Of Debian, as the browsers that Playwright brings stand on hosts of their own.
chromium:
	command -v chromium || (apt-get update --quiet=2 && apt-get install --yes --quiet=2 chromium)

# Whether a release could be made: sdist, wheel, locks, and the first minute of a stranger; in full on each Python.
release-check: .venv-release/ready
	.venv-release/bin/python -m release

release: .venv-release/ready
	.venv-release/bin/python -m release --full --dist dist $(RELEASE_FLAGS)

# What each lock holds; the versions that stand in it stay, unless UPGRADE=1.
IN_cli := --extra cli --extra emulator
IN_dev := --extra dev --extra docs
IN_release := --group release
IN_mutation := --group mutation
IN_publish := --group publish
IN_spark := --group spark --extra spark --extra emulator --extra pytest
IN_airflow-2 := --group airflow-2 --extra airflow --extra arrow --extra emulator
IN_airflow-3 := --group airflow-3 --extra airflow --extra arrow --extra emulator

lock: $(patsubst requirements-%.lock,lock-%,$(wildcard requirements-*.lock))

lock-cli lock-release lock-publish: private AGREEING := --constraint requirements-dev.lock
lock-cli lock-release lock-publish: lock-dev
lock-%: .venv-release/ready
	.venv-release/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate $(if $(UPGRADE),--upgrade) $(AGREEING) --group build $(IN_$*) --output-file requirements-$*.lock

# From the index come only files whose hashes stand in a lock; rtcp is built with tools that stand in it, too.
define environment
	test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
	$(1)/bin/python -m pip install --quiet --require-hashes --requirement $(2)
	$(1)/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
endef

.venv/ready-%: pyproject.toml requirements-%.lock
	$(call environment,.venv,requirements-$*.lock)

.venv-%/ready: pyproject.toml requirements-%.lock
	$(call environment,.venv-$*,requirements-$*.lock)

clean:
	rm -rf .venv .venv-* dist site .coverage* .mypy_cache .ruff_cache .hypothesis
