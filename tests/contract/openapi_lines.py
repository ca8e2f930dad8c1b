"""Where in openapi/*.yaml the things of the compiled document stand, so that a failure names file and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

_KEEPERS = ("paths", "components")


class Lines:
    """The places of all keys and items, found by the path of keys that leads to them in the compiled document."""

    def __init__(self, sources: Path) -> None:
        self._places: dict[tuple[str, ...], str] = {}
        self.versions: dict[str, str] = {}
        for source in sorted(sources.glob("*.yaml")):
            root = yaml.compose(source.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            for key, node in _pairs(root):
                if key == "openapi":
                    self.versions[source.name] = node.value
                elif key in _KEEPERS:
                    self._read(node, (key,), source.name)

    def of(self, *keys: str) -> str:
        """`entities.yaml:41` for the keys that lead to a thing; the nearest one around it where it has no line."""
        while keys and keys not in self._places:
            keys = keys[:-1]
        return self._places.get(keys, "openapi/")

    def _read(self, node: yaml.Node, keys: tuple[str, ...], name: str) -> None:
        for key, child, line in _children(node):
            # Several files add to the same keepers: the first place of a thing is its own.
            self._places.setdefault((*keys, key), f"openapi/{name}:{line}")
            self._read(child, (*keys, key), name)


def _pairs(node: yaml.Node | None) -> Iterator[tuple[str, Any]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, child) for key, child in node.value)


def _children(node: yaml.Node) -> Iterator[tuple[str, yaml.Node, int]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((key.value, child, key.start_mark.line + 1) for key, child in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from ((str(at), child, child.start_mark.line + 1) for at, child in enumerate(node.value))
