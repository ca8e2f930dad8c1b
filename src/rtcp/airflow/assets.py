"""The asset (before Airflow 3: dataset) that stands for a dataset of the platform."""

from __future__ import annotations

from typing import Any

from rtcp.airflow import _compat


def dataset_asset(dataset_id: str) -> Any:
    """The asset of a dataset, for `schedule=[dataset_asset(...)]`; exports into the dataset update it."""
    return _compat.Asset(uri=f"x-rtcp://dataset/{dataset_id}")
