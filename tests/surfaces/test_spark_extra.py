"""What `rtcp.spark` says where Spark is not; the rest of its tests has an environment of its own."""

from __future__ import annotations

import importlib
import importlib.util
import tomllib
from pathlib import Path

import pytest

import rtcp

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is not None, reason="Spark is installed here")
def test_without_spark_the_extra_is_named():
    with pytest.raises(rtcp.MissingExtraError, match=r"pyspark is not installed; run: pip install 'rtcp\[spark\]'"):
        importlib.import_module("rtcp.spark")


def test_the_extra_brings_what_spark_itself_does_not_ask_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    extras = project["optional-dependencies"]
    assert [each.partition(">")[0] for each in extras["spark"]] == ["pyspark", "pyarrow", "pandas"]
