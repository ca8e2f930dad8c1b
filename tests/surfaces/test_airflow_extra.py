"""What `rtcp.airflow` says where Airflow is not; the rest of its tests has environments of its own."""

from __future__ import annotations

import importlib
import importlib.util
import tomllib
from pathlib import Path

import pytest

import rtcp

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(importlib.util.find_spec("airflow") is not None, reason="Airflow is installed here")
def test_without_airflow_the_extra_is_named():
    with pytest.raises(rtcp.MissingExtraError, match=r"airflow is not installed; run: pip install 'rtcp\[airflow\]'"):
        importlib.import_module("rtcp.airflow")


def test_the_extra_and_the_entry_point_are_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["optional-dependencies"]["airflow"] == ["apache-airflow>=2.11,<4"]
    assert project["entry-points"]["apache_airflow_provider"] == {
        "provider_info": "rtcp.airflow.provider:get_provider_info"
    }
