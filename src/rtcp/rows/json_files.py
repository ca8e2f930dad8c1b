"""Rows of files of JSON, however people write them: lines, an array, or objects one after another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

from rtcp._json import read_json
from rtcp.errors import InvalidArgumentError
from rtcp.rows.distinct_json import RepeatedNameError, loads_distinct, one_after_another
from rtcp.rows.row import Row
from rtcp.rows.text_files import lines_of, open_binary, reading

_NO_OBJECT: Final = "no JSON object"
# Under one of these, programs put the rows of an answer.
_HOLDERS: Final = ("data", "rows", "records", "results", "items", "children")


def json_lines(path: Path, encoding: str) -> Iterator[Row]:
    """A row for each line; what is no object says what it is instead."""
    position = 0
    for line in lines_of(path, encoding):
        if line.problem is None and not line.text.strip():
            continue
        given: Any = None
        problem = line.problem
        if problem is None:
            try:
                given = loads_distinct(line.text)
            except ValueError as exc:
                given, problem = None, str(exc) if isinstance(exc, RepeatedNameError) else None
            if not isinstance(given, dict):
                given, problem = line.text.rstrip("\r\n"), problem or _no_object(line.text.strip())
        yield Row(position, line.number, given, problem)
        position += 1


def _no_object(text: str) -> str:
    """What a line that is no JSON object is instead, where that can be told without repeating it."""
    if text.endswith(","):
        return "no JSON object: the line ends in a comma, as in an array"
    try:
        found = one_after_another(text)
    except ValueError:
        is_begun = text.startswith("[")
        return "no JSON object, but an array begins: let the name of the file end in .json" if is_begun else _NO_OBJECT
    if len(found) > 1:
        return "no JSON object but several values in a line"
    return "no JSON object but an array" if isinstance(found[0].value, list) else _NO_OBJECT


def json_values(path: Path, encoding: str) -> list[Row] | None:
    """The rows of a file whose objects stand one after another, over several lines each; None where lines are rows.

    Raises:
        InvalidArgumentError: it is one object, with the rows inside.
    """
    lines = [line.text for line in islice((line for line in lines_of(path, encoding) if line.text.strip()), 2)]
    if not lines:
        return None
    with suppress(ValueError):
        first = read_json(lines[0])
        if len(lines) == 1:
            _refuse_wrapped(path, first)
        return None
    text = ""
    try:
        with reading(path), open_binary(path) as file:
            text = file.read().decode(encoding)
        values = one_after_another(text)
    except ValueError:
        return None
    if len(values) == 1:
        _refuse_wrapped(path, values[0].value)
    line, before = 1, 0
    rows: list[Row] = []
    for position, (place, given, problem) in enumerate(values):
        line, before = line + text.count("\n", before, place), place
        rows.append(Row(position, line, given, problem))
    return rows


def _refuse_wrapped(path: Path, given: Any) -> None:
    held = given if isinstance(given, dict) else {}
    for name in _HOLDERS:
        rows = held.get(name)
        if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
            raise InvalidArgumentError(
                f"{path.name!r} is one object, whose {name!r} seems to hold the rows: write that list alone into a file"
            )


def json_array(path: Path, encoding: str) -> Iterator[Row]:
    """The items of the one array of a file.

    Raises:
        InvalidArgumentError: there is none.
    """
    place = text = ""
    rows: Any = None
    try:
        with reading(path), open_binary(path) as file:
            text = file.read().decode(encoding)
        rows = _array_in(text)
    except json.JSONDecodeError as exc:
        # The text of the error repeats nothing of the file.
        place = f", line {exc.lineno}"
    except UnicodeDecodeError:
        place = f" in {encoding}"
    except ValueError:
        pass
    if not isinstance(rows, list):
        raise InvalidArgumentError(f"{path.name}{place}: no JSON array")
    return (row if isinstance(row, Row) else Row(number, number + 1, row) for number, row in enumerate(rows))


def _array_in(text: str) -> Any:
    """What a text holds; of an array, a row that has a name twice says so."""
    try:
        return loads_distinct(text)
    except RepeatedNameError:
        pass
    if not isinstance(read_json(text), list):
        return None
    found = enumerate(one_after_another(text.strip()[1:-1], between=","))
    return [Row(number, number + 1, value, problem) for number, (_, value, problem) in found]


def first_character(path: Path, encoding: str) -> str:
    """What a file begins with, space apart; nothing of an empty one."""
    return next((line.text.lstrip()[0] for line in lines_of(path, encoding) if line.text.strip()), "")
