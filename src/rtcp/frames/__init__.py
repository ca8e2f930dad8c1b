"""Answers as pandas and Arrow tables, and reports as pictures."""

from __future__ import annotations

from rtcp.frames.charts import plot
from rtcp.frames.tables import to_arrow, to_pandas, to_polars

__all__ = ["plot", "to_arrow", "to_pandas", "to_polars"]
