"""The DAG of examples/airflow_nightly.py from end to end, with purchases in the form of the CDNOW data."""

from __future__ import annotations

import importlib.util
import os
import random
from datetime import timedelta
from pathlib import Path

import pytest

import rtcp
from conftest import BOTH, SECRET, connect
from rtcp.emulator import Emulator

EXAMPLES = Path(__file__).parents[2] / "examples"
HEADER = "customer_id date number_of_cds dollar_value\n"


def purchases(customers: range, *, seed: int) -> str:
    """Made-up purchases, one to four for each customer."""
    draw = random.Random(seed)
    lines = []
    for customer in customers:
        for _ in range(draw.randint(1, 4)):
            day = f"1998{draw.randint(1, 6):02d}{draw.randint(1, 28):02d}"
            lines.append(f"{customer:05d} {day} {draw.randint(1, 5)} {draw.randint(500, 9000) / 100}")
    return HEADER + "\n".join(lines) + "\n"


@pytest.fixture
def data(tmp_path) -> Path:
    """The folder with CDNOW_master.txt: the real one when RTCP_CDNOW names it, else a small one of our own."""
    real = os.environ.get("RTCP_CDNOW")
    if real:
        return Path(real)
    (tmp_path / "CDNOW_master.txt").write_text(purchases(range(1, 301), seed=1))
    return tmp_path


@pytest.fixture
def nightly(data, tmp_path, monkeypatch):
    """The emulator with the purchases so far, and the parameters of tonight's run."""
    new = tmp_path / "tonight.txt"
    new.write_text(purchases(range(90_001, 92_001 if os.environ.get("RTCP_CDNOW") else 90_061), seed=2))
    with Emulator(seed=1, job_seconds=0.002) as emulator:
        emulator.load(EXAMPLES / "cdnow.toml", data=data)
        connect(monkeypatch, emulator)
        with rtcp.Client.for_emulator(emulator.url) as client:
            yield {
                "purchases": str(new),
                "inlet": client.inlets.create(name="Nightly").inlet_id,
                "export_dataset": client.datasets.create_for_export(name="Nightly").id,
                "old_dataset": "cdnow-customers",
                "folder": str(tmp_path / "exports"),
            }


def dag_of_the_example(monkeypatch, *, deferrable):
    monkeypatch.setenv("NIGHTLY_POLL", "0.2")
    monkeypatch.setenv("NIGHTLY_DEFERRABLE", "1" if deferrable else "0")
    spec = importlib.util.spec_from_file_location("airflow_nightly", EXAMPLES / "airflow_nightly.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for task in module.dag.tasks:
        task.retry_delay = timedelta(0)
    return module.dag


@BOTH
def test_the_nightly_dag_is_green(run, nightly, monkeypatch, deferrable):
    result = run(dag_of_the_example(monkeypatch, deferrable=deferrable), conf=nightly)

    assert result.state == "success"
    assert set(result.tasks.values()) == {"success"}
    assert result.complaints == []
    assert SECRET not in result.log
    assert result.xcoms["export"]["files"] == len(list(Path(result.xcoms["export"]["folder"]).glob("part-*")))
    assert result.xcoms["stream"]["sent"] == result.xcoms["stream"]["rows"]
    assert result.xcoms["report"]["profile_counts"]["cdnowCustomer"] >= result.xcoms["export"]["profiles"]
    assert result.xcoms["delete_old"]["dataset_id"] == "cdnow-customers"
