"""Expressions of computed attributes: a small part of Profile Query Language, read and evaluated without any store."""

from __future__ import annotations

from rtcp.emulator.pql.evaluation import evaluate
from rtcp.emulator.pql.shapes import (
    COUNT,
    MAX,
    MIN,
    MOST_RECENT,
    SUM,
    UNKNOWN,
    Computation,
    Truncated,
    compile_expression,
)
from rtcp.emulator.pql.tokens import PqlError, Unsupported
from rtcp.emulator.pql.windows import LIMITS, Window, from_ms, last_refresh, to_ms, window_at

__all__ = [
    "compile_expression",
    "evaluate",
    "window_at",
    "last_refresh",
    "from_ms",
    "to_ms",
    "Computation",
    "Truncated",
    "Window",
    "LIMITS",
    "PqlError",
    "Unsupported",
    "SUM",
    "COUNT",
    "MIN",
    "MAX",
    "MOST_RECENT",
    "UNKNOWN",
]
