"""Spark: look-ups of frames, exports as frames, and frames as batches and streams; each name is loaded on first use."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from rtcp.errors import MissingExtraError

if TYPE_CHECKING:
    from rtcp.spark.exports import export
    from rtcp.spark.job_budget import JobBudget, budget
    from rtcp.spark.lookups import events, lookup
    from rtcp.spark.registering import register

_HOMES = {
    "JobBudget": "rtcp.spark.job_budget",
    "budget": "rtcp.spark.job_budget",
    "events": "rtcp.spark.lookups",
    "export": "rtcp.spark.exports",
    "lookup": "rtcp.spark.lookups",
    "register": "rtcp.spark.registering",
}

__all__ = ["JobBudget", "budget", "events", "export", "lookup", "register"]

# What Spark itself does not ask for is missing just as often: pandas is wanted by mapInArrow alone.
for _package in ("pyspark", "pyarrow", "pandas"):
    if find_spec(_package) is None:
        raise MissingExtraError(f"{_package} is not installed; run: pip install 'rtcp[spark]'", name=_package)


# Hidden from type checkers, for which it would make any name right.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
