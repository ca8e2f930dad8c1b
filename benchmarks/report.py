"""Results as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from benchmarks.measure import Result

_COLUMNS: Final = ("case", "what", "value", "spread", "wall", "bound", "aim", "")
_UNITS: Final = {"ratio": "", "speed": " x", "note": "", "memory": " MB", "count": "", "time": " ms", "rate": "/s"}
_MEASURED_WITH: Final = ("requests", "urllib3", "pydantic")


def print_table(results: Iterable[Result], *, check: bool) -> None:
    """With rich where it is installed, else with spaces."""
    rows = [_row(result, check=check) for result in results]
    if find_spec("rich") is not None:
        from rich.console import Console
        from rich.table import Table

        table = Table(*_COLUMNS)
        for row in rows:
            table.add_row(*row)
        # Piped, rich would fold the table to 80 columns.
        console = Console()
        Console(width=None if console.is_terminal else 150).print(table)
        return
    widths = [max(len(row[column]) for row in [_COLUMNS, *rows]) for column in range(len(_COLUMNS))]
    for row in [_COLUMNS, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def write_json(path: Path, results: Sequence[Result], *, check: bool) -> None:
    """Everything measured, with what it was measured on."""
    content = {"machine": machine(), "check": check, "results": [_plain(result, check=check) for result in results]}
    path.write_text(json.dumps(content, indent=2) + "\n")


def machine() -> dict[str, Any]:
    """What the numbers depend on."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        **{name: version(name) for name in _MEASURED_WITH},
    }


def _row(result: Result, *, check: bool) -> tuple[str, ...]:
    verdict = {True: "ok", False: "FAILED", None: ""}[result.holds(check=check)]
    spread = "" if result.spread is None else f"{_number(result.spread[0])} - {_number(result.spread[1])}"
    wall = str(result.extra.get("wall", ""))
    value = "" if result.kind == "note" else _number(result.value) + _UNITS[result.kind]
    return result.case, result.what, value, spread, wall, _number(result.bound), _number(result.aim), verdict


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 100 else f"{value:.2f}"


def _plain(result: Result, *, check: bool) -> dict[str, Any]:
    return {
        "case": result.case,
        "what": result.what,
        "kind": result.kind,
        "value": round(result.value, 4),
        "spread": None if result.spread is None else [round(edge, 4) for edge in result.spread],
        "bound": result.bound,
        "aim": result.aim,
        "holds": result.holds(check=check),
        **result.extra,
    }
