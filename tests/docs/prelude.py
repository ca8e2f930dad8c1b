"""The names that an example in a docstring takes for granted: what test_docstrings gives it, with their types."""

# ruff: noqa: F401
import json
from pathlib import Path

import rtcp
from rtcp import Window, to_arrow, to_pandas, to_polars, xdm_get

client: rtcp.Client
folder: Path
connection_id: str
inlet_id: str
schema_id: str
