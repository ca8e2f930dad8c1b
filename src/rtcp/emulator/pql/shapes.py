"""What an expression computes: one of five aggregates over the events that meet a condition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rtcp.emulator.pql.conditions import ALWAYS, Condition, lower_condition, path_of
from rtcp.emulator.pql.syntax import Node, parse
from rtcp.emulator.pql.tokens import EndOfText, PqlError, Unsupported

SUM = "SUM"
COUNT = "COUNT"
MIN = "MIN"
MAX = "MAX"
MOST_RECENT = "MOST_RECENT"
# What an older form of the service's answers prints where it cannot tell the function.
UNKNOWN = "-"
EVENTS = "xEvent"
_OF_PATH = {"sum": SUM, "min": MIN, "max": MAX}


@dataclass(frozen=True, slots=True)
class Computation:
    """One aggregate: its function, the path it looks at (None when it counts), and which events take part."""

    function: str
    path: str | None
    condition: Condition


@dataclass(frozen=True, slots=True)
class Truncated:
    """An expression that breaks off, as several of the guide's own samples do: kept, but it gives nobody a value."""

    function: str = UNKNOWN


def compile_expression(text: str) -> Computation | Truncated:
    """Read an expression.

    Raises:
        Unsupported: it is well formed, but none of the five shapes.
        PqlError: it is no expression.
    """
    if not text.strip():
        raise PqlError("the expression is empty")
    try:
        root = parse(text)
    except EndOfText:
        if re.match(rf"\s*{EVENTS}\b", text) is None:
            raise PqlError("the expression breaks off, and it is not over xEvent") from None
        return Truncated()
    if _is_events(root):
        return Truncated()
    return _Lowering(text).computation(root)


def _is_events(node: Node) -> bool:
    """Whether nothing but the events is named: the aggregate is what broke off."""
    base = node.parts[0] if node.kind == "filter" else node
    return base.kind == "name" and base.value == EVENTS


@dataclass(frozen=True, slots=True)
class _Lowering:
    """From the tree of a text to what it computes."""

    text: str

    def computation(self, root: Node) -> Computation:
        if root.kind != "call":
            raise self._unsupported(root)
        target, *arguments = root.parts
        if root.value == "count" and not arguments:
            return Computation(COUNT, None, self._condition(target))
        if root.value in _OF_PATH and len(arguments) == 1:
            return Computation(_OF_PATH[root.value], self._path(arguments[0]), self._condition(target))
        if root.value == "head" and not arguments:
            return self._most_recent(target)
        raise self._unsupported(root)

    def _most_recent(self, node: Node) -> Computation:
        """`….topN(timestamp, 1).map({"timestamp": timestamp, "value": path})`."""
        if node.kind != "call" or node.value != "map" or len(node.parts) != 2 or node.parts[1].kind != "object":
            raise self._unsupported(node)
        newest, shape = node.parts
        fields: Mapping[str, Node] = dict(zip(shape.value, shape.parts, strict=True))
        if set(fields) != {"timestamp", "value"} or path_of(fields["timestamp"]) != "timestamp":
            raise self._unsupported(shape)
        if newest.kind != "call" or newest.value != "topN" or len(newest.parts) != 3:
            raise self._unsupported(newest)
        events, by, count = newest.parts
        if path_of(by) != "timestamp" or count.value != 1:
            raise self._unsupported(newest)
        return Computation(MOST_RECENT, self._path(fields["value"]), self._condition(events))

    def _condition(self, events: Node) -> Condition:
        if not _is_events(events):
            raise self._unsupported(events)
        return lower_condition(events.parts[1], self.text) if events.kind == "filter" else ALWAYS

    def _path(self, node: Node) -> str:
        path = path_of(node)
        if path is None:
            raise self._unsupported(node)
        return path

    def _unsupported(self, node: Node) -> Unsupported:
        return Unsupported(self.text[node.start : node.end])
