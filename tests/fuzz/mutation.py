"""Values that are almost right: any JSON, and a document in which one thing is missing, added or something else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

# What programs stumble over: limits of number types, texts that look like something else, half a surrogate pair.
ODD_VALUES: list[Any] = [
    None, True, False, 0, -1, 2**31, 2**63, -(2**63) - 1, 10**30, 10**400, 0.5, 1e308, "", " ", "0", "-1", "null",
    "true", "NaN", "1e999", "\x00", "\ud800", "\u202e", "a" * 5000, "../..", "%2F", "'; --", '"',
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00Z", [], {}, [[]], [None], {"": None}, {"id": {}},
]  # fmt: skip
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
ANY_JSON = st.recursive(
    st.sampled_from(ODD_VALUES) | NUMBERS | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)

Path = tuple[str | int, ...]


def paths(document: Any, here: Path = ()) -> Iterator[Path]:
    """The way to every node of a document, its root first."""
    yield here
    items = document.items() if isinstance(document, Mapping) else enumerate(document) if _is_list(document) else ()
    for key, value in items:
        yield from paths(value, (*here, key))


def at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def replaced(document: Any, path: Path, value: Any) -> Any:
    """A copy in which another value stands at a path; the rest is shared."""
    if not path:
        return value
    step, *rest = path
    copy = dict(document) if isinstance(document, Mapping) else list(document)
    copy[step] = replaced(document[step], tuple(rest), value)
    return copy


def without(document: Any, path: Path) -> Any:
    """A copy in which nothing stands at a path."""
    *way, last = path
    parent = at(document, tuple(way))
    copy = dict(parent) if isinstance(parent, Mapping) else list(parent)
    del copy[last]
    return replaced(document, tuple(way), copy)


@dataclass(frozen=True)
class Change:
    """One change of a document; `where` is the place of its node among all, from 0 to 1."""

    where: float
    how: str
    name: str
    value: Any

    def apply(self, document: Any) -> Any:
        nodes = list(paths(document))
        path = nodes[int(self.where * len(nodes))]
        node = at(document, path)
        if self.how == "remove" and path:
            return without(document, path)
        if self.how == "add" and isinstance(node, Mapping):
            return replaced(document, path, {**node, self.name: self.value})
        if self.how == "add" and _is_list(node):
            return replaced(document, path, [*node, self.value])
        if self.how == "wrap":
            return replaced(document, path, [node])
        return replaced(document, path, str(node) if self.how == "text" else self.value)


CHANGES = st.lists(
    st.builds(
        Change,
        where=st.floats(0, 1, exclude_max=True),
        how=st.sampled_from(["replace", "replace", "remove", "add", "wrap", "text"]),
        name=st.text(max_size=6),
        value=ANY_JSON,
    ),
    min_size=1,
    max_size=3,
)


def changed(document: Any, changes: Iterable[Change]) -> Any:
    """The document with nodes removed, replaced, wrapped, written as texts, or joined by strangers."""
    for change in changes:
        document = change.apply(document)
    return document


def _is_list(node: Any) -> bool:
    return isinstance(node, list)
