"""Real Airflow, with a database of its own for the run, against an emulator for each test."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

# Airflow reads these when it is imported, so they come first.
_HOME = tempfile.TemporaryDirectory(prefix="rtcp-airflow-")
for _name in [name for name in os.environ if name.startswith(("RTCP_", "AIRFLOW"))]:
    if _name != "RTCP_CDNOW":
        del os.environ[_name]
_DAGS = Path(_HOME.name, "dags")
_DAGS.mkdir()
os.environ |= {
    "AIRFLOW_HOME": _HOME.name,
    "AIRFLOW__CORE__DAGS_FOLDER": str(_DAGS),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    "XDG_CONFIG_HOME": _HOME.name,
}

from registering import register  # noqa: E402

import rtcp  # noqa: E402
from rtcp.airflow import _compat  # noqa: E402
from rtcp.emulator import Emulator, worlds  # noqa: E402

DAG = _compat._first("DAG", "airflow.sdk", "airflow")
CONNECTION = "AIRFLOW_CONN_ADOBE_RTCP_DEFAULT"
SECRET = "the-client-secret-0451"
BOTH = pytest.mark.parametrize("deferrable", [False, True], ids=["in-worker", "deferred"])


def dag_of(make: Callable[[], Any], *, name: str = "one_task", retries: int = 0) -> Any:
    """A DAG of the tasks that `make` makes, with retries at once."""
    defaults = {"retries": retries, "retry_delay": timedelta(0)}
    with DAG(name, schedule=None, start_date=datetime(2024, 1, 1, tzinfo=UTC), default_args=defaults) as dag:
        make()
    return dag


@dataclass(frozen=True)
class Run:
    """What came of a DAG run."""

    state: str
    tasks: dict[str, str]
    xcoms: dict[str, Any]
    looks: dict[str, str]
    tries: dict[str, int]
    log: str

    @property
    def complaints(self) -> list[str]:
        """The lines of the log that speak of an error."""
        return [line for line in self.log.splitlines() if "error" in line.lower()]


@pytest.fixture(scope="session", autouse=True)
def _database() -> None:
    # In a process of its own: migrating sets up logging anew.
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True)


@pytest.fixture
def job_seconds() -> float:
    """Factor on the time that jobs take; 0 ends each one at once."""
    return 0.0


@pytest.fixture
def dialect() -> str:
    return "guide"


@pytest.fixture
def emulator(job_seconds: float, dialect: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(seed=1, job_seconds=job_seconds, dialect=dialect) as emulator:
        emulator.load(worlds.path("harbour"))
        connect(monkeypatch, emulator)
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> Iterator[rtcp.Client]:
    with rtcp.Client.for_emulator(emulator.url) as client:
        yield client


@pytest.fixture
def destination(client: rtcp.Client) -> str:
    """A dataset that can take exports."""
    return client.datasets.create_for_export(name="Nightly").id


def connect(monkeypatch: pytest.MonkeyPatch, emulator: Emulator, **changes: Any) -> None:
    """Define the default connection; `changes` replace fields of it."""
    urls = dict.fromkeys(("base_url", "ims_url", "streaming_url"), emulator.url)
    extra = {"org_id": "EMULATOR@AdobeOrg", "scopes": "openid", "retries": 0, **urls, **changes.pop("extra", {})}
    connection = {"conn_type": "adobe_rtcp", "login": "the-client-id", "password": SECRET, "extra": extra, **changes}
    monkeypatch.setenv(CONNECTION, json.dumps(connection))


def exports(emulator: Emulator) -> list[str]:
    """The states of all export jobs, the oldest first."""
    jobs = emulator.service.jobs
    return [jobs.state(job) for job in jobs.of_kind("prod", "export_jobs")]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run a DAG from its first to its last task, triggers included, and return what came of it."""

    def run(dag: Any, conf: dict[str, Any] | None = None) -> Run:
        register(dag)
        capfd.readouterr()
        result = dag.test(run_conf=conf)
        log = "".join(capfd.readouterr())
        _drop_console_handlers()
        instances = {each.task_id: each for each in result.get_task_instances()}
        return Run(
            str(result.state),
            {name: str(each.state) for name, each in instances.items()},
            {name: each.xcom_pull(task_ids=name) for name, each in instances.items()},
            {name: each.xcom_pull(task_ids=name, key="rtcp_job_look") for name, each in instances.items()},
            {name: each.try_number for name, each in instances.items()},
            log,
        )

    return run


def _drop_console_handlers() -> None:
    """`dag.test` of Airflow 2 leaves one behind that writes to the captured, by then closed, output of this test."""
    task_logger = logging.getLogger("airflow.task")
    for handler in list(task_logger.handlers):
        if type(handler) is logging.StreamHandler:
            task_logger.removeHandler(handler)
