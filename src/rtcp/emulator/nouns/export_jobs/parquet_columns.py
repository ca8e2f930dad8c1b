"""The columns of a Parquet file, found out from its rows: XDM objects become structs, arrays become lists.

No schema is kept anywhere in the emulator. Values of one path that have no type in common, and objects that are always
empty, become texts in JSON.
"""

from __future__ import annotations

import json
from typing import Any

# XDM declares these as maps: their keys are data, and would make a column each.
_MAP_DEPTHS = {"identityMap": 1, "segmentMembership": 2}
_MAX_INT64 = 2**63
# Rows are what JSON makes: their values are of these types, and of no others.
_KINDS = {bool: "bool", int: "int", float: "float", str: "string", list: "list", dict: "struct"}
_SIMPLE = frozenset({"bool", "int", "wide", "float", "string", "json"})
# Up to here a double is as good as an integer; a wider one among fractions would lose its end.
_MAX_EXACT = 2**53


class Shape:
    """What the values at one path have in common, as far as they have been seen."""

    __slots__ = ("_depth", "_fields", "_item", "_kind")

    def __init__(self, map_depth: int = 0) -> None:
        self._kind = ""
        self._depth = map_depth
        self._fields: dict[str, Shape] = {}
        self._item: Shape | None = None

    def observe(self, value: Any) -> None:
        """Take one more value into account."""
        kind = self._kind_of(value)
        # Nothing new: what most values are.
        if not kind or (kind == self._kind and kind in _SIMPLE):
            return
        if self._kind != kind:
            self._kind = _common(self._kind, kind)
        if self._kind == "struct":
            for name, inner in value.items():
                field = self._fields.get(name)
                if field is None:
                    field = self._fields[name] = Shape(_MAP_DEPTHS.get(name, 0))
                field.observe(inner)
        elif self._kind in ("list", "map"):
            if self._item is None:
                self._item = Shape(max(self._depth - 1, 0))
            for inner in value if kind == "list" else value.values():
                self._item.observe(inner)

    def arrow(self) -> Any:
        """The type of the column."""
        import pyarrow  # a fifth of a second, and only exports need it

        if self._kind == "struct" and self._fields:
            return pyarrow.struct(list(self.arrow_fields()))
        if self._kind == "list":
            return pyarrow.list_(self._item.arrow() if self._item is not None else pyarrow.string())
        if self._kind == "map":
            return pyarrow.map_(pyarrow.string(), self._item.arrow() if self._item is not None else pyarrow.string())
        simple = {
            "bool": pyarrow.bool_(), "int": pyarrow.int64(), "wide": pyarrow.int64(), "float": pyarrow.float64(),
        }  # fmt: skip
        return simple.get(self._kind, pyarrow.string())

    def arrow_fields(self) -> list[Any]:
        """The columns inside, in order of their names."""
        import pyarrow  # a fifth of a second, and only exports need it

        return [pyarrow.field(name, shape.arrow()) for name, shape in sorted(self._fields.items())]

    def fit(self, value: Any) -> Any:
        """The value in the form that its column takes."""
        if value is None:
            return None
        if self._kind == "struct" and self._fields:
            return {name: self._fields[name].fit(inner) for name, inner in value.items()}
        if self._kind == "list" and self._item is not None:
            return [self._item.fit(inner) for inner in value]
        if self._kind == "map" and self._item is not None:
            return [(name, self._item.fit(inner)) for name, inner in value.items()]
        if self._kind in ("json", "struct"):
            return json.dumps(value, ensure_ascii=False)
        return [] if self._kind == "map" else value

    def _kind_of(self, value: Any) -> str:
        kind = _KINDS.get(type(value), "")
        if kind == "int" and not -_MAX_EXACT <= value <= _MAX_EXACT:
            return "wide" if -_MAX_INT64 <= value < _MAX_INT64 else "json"
        return "map" if kind == "struct" and self._depth else kind


def _common(known: str, new: str) -> str:
    if not known:
        return new
    return {frozenset(("int", "float")): "float", frozenset(("int", "wide")): "wide"}.get(
        frozenset((known, new)), "json"
    )
