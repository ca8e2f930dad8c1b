"""Rows for the operators that send some: from a file, or from a function that is called when the task runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rtcp.airflow.values import blank_as_none
from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping import compile_mapping
from rtcp.rows.sources import row_source

MakeRows = Callable[..., Any]


def given_rows(path: Any, rows: MakeRows | None, arguments: Mapping[str, Any] | None) -> Any:
    """The path, or what the function returns.

    Raises:
        InvalidArgumentError: there are both, or neither.
    """
    path = blank_as_none(path)
    if (path is None) == (rows is None):
        raise InvalidArgumentError("rows come from path=, or from a function rows=; give one of them")
    # Rows themselves are no argument: Airflow would render them as templates, and keep them in its database.
    return path if rows is None else rows(**(arguments or {}))


class Counted:
    """Rows that are counted as they are read.

    Attributes:
        rows: to be handed on, once.
        count: how many there are; known when they were read.
    """

    def __init__(self, given: Any) -> None:
        self.count = 0
        self.rows: Any
        if isinstance(given, str):
            self.count = sum(1 for _ in row_source(given).read())
            self.rows = given
        elif hasattr(given, "__len__"):
            self.count = len(given)
            self.rows = given
        else:
            self.rows = self._pass_on(given)

    def _pass_on(self, given: Iterable[Any]) -> Iterator[Any]:
        for row in given:
            self.count += 1
            yield row


def as_xdm(given: Any, mapping: Mapping[str, Any] | None) -> Iterator[Any]:
    """The rows as XDM; in the place of one that the mapping cannot read stands a text that says why."""
    source = row_source(given)
    mapper = None if mapping is None else compile_mapping(mapping, columns=source.columns)
    for row in source.read():
        try:
            yield source.nested(row.given) if mapper is None else mapper(row.given, line=row.line)
        except InvalidArgumentError as exc:
            yield f"row {row.position}: {exc}"
