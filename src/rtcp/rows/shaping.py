"""From a row as the caller has it to the XDM that goes out: mapped, plain, and held to its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rtcp._numbers import as_number
from rtcp.errors import InvalidArgumentError
from rtcp.rows.checks import check_identity
from rtcp.rows.form import RowForm
from rtcp.rows.mapping import NO_HEADER, compile_mapping, is_value, nest
from rtcp.rows.paths import parse_path, with_value
from rtcp.rows.row import Row
from rtcp.rows.sources import RowSource, TextTable


def warn_of_unseen(shaper: RowShaper) -> None:
    """Tell of columns of the mapping that none of the rows has had."""
    if shaper.mapper is not None:
        shaper.mapper.warn_of_unseen()


def _has_dots(row: Mapping[Any, Any]) -> bool:
    try:
        return "." in "".join(row)
    except TypeError:
        return False


def _check_names(source: RowSource) -> None:
    """Refuse a table whose columns are called by numbers: without a header, they are somebody's values."""
    if source.columns is not None and any(map(is_value, source.columns)):
        raise InvalidArgumentError(
            NO_HEADER if isinstance(source, TextTable) else "a column is called by a value: name all columns"
        )


class RowShaper:
    """Makes the rows of one source XDM, by one form.

    Raises:
        InvalidArgumentError: the mapping names a column that the source does not have.
    """

    def __init__(self, form: RowForm, source: RowSource | None = None) -> None:
        columns = None if source is None else source.columns
        self.mapper = None if form.mapping is None else compile_mapping(form.mapping, columns=columns)
        self._is_dotted = form.is_dotted or (source is not None and source.is_flat)
        self._form = replace(form, is_dotted=True) if self._is_dotted and form.mapping is None else form
        self._is_text = isinstance(source, TextTable)
        if self.mapper is None and source is not None and source.is_flat:
            _check_names(source)
        self._identity = form.identity
        self._steps = None if form.identity is None else parse_path(form.identity)

    @property
    def is_plain(self) -> bool:
        """True when rows come out as plain JSON: a mapping of texts makes nothing else."""
        return self.mapper is not None and self._is_text

    @property
    def form(self) -> RowForm:
        """The form of the rows as the source has them."""
        return self._form

    def shape(self, row: Row) -> Mapping[str, Any]:
        """The row as XDM, still with whatever values the caller has in it.

        Raises:
            InvalidArgumentError: it cannot be right; the message names the path, never the value.
        """
        _, line, given, problem = row
        if problem is not None:
            raise InvalidArgumentError(problem)
        return self.shape_given(given, line)

    def shape_given(self, given: Any, line: int) -> Mapping[str, Any]:
        """What `shape` does, of a row that has been read."""
        if type(given) is not dict and not isinstance(given, Mapping):
            raise InvalidArgumentError(f"the row is no object but {type(given).__name__}")
        if self.mapper is not None:
            given = self.mapper(given, line=line)
        elif self._is_dotted:
            given = nest(given)
        elif _has_dots(given):
            name = next(key for key in given if isinstance(key, str) and "." in key)
            told = "(somebody's address)" if is_value(name) else repr(name)
            raise InvalidArgumentError(
                f"{told} is a name with dots, which XDM does not have: nest it, or take it for a path by a mapping"
            )
        if not given:
            raise InvalidArgumentError(
                "the row is empty" if self.mapper is None else "the mapping finds nothing in the row"
            )
        if "body" in given and "header" in given:
            raise InvalidArgumentError("the row is in an envelope already; pass what is in its body.xdmEntity")
        shaped: Mapping[str, Any] = given
        if self._identity is None and "identityMap" not in given:
            return shaped
        id_given = check_identity(given, self._identity, self._steps)
        if id_given is None or type(id_given) is str or type(id_given) is int or self._steps is None:
            return shaped
        # What a table with gaps has made 12.0 is 12 to people.
        number = as_number(id_given)
        return shaped if number is None else with_value(shaped, self._steps, int(number))
