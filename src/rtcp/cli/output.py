"""Data on stdout: a table for people, JSON or CSV for programs; nothing else is ever printed there."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from typing import Any, Final, TextIO

from rtcp._terminal import visible, visible_json
from rtcp.cli.cells import Count, plain

Read = Callable[[Any], Any]
Columns = Mapping[str, str | Read]
# What spreadsheets take for a formula when it begins a cell; signed numbers are none.
_FORMULA: Final = re.compile(r"[\s\x00-\x1f]*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER: Final = re.compile(r"[+-]?[0-9][0-9 ().,/-]*(?:[eE][+-]?[0-9]+)?")


# Values with a comma in them are typed with a backslash before it.
_COMMA: Final = re.compile(r"(?<!\\),")


def count(path: str) -> Read:
    """Reads a number of things."""
    read = _reader(path)

    def counted(item: Any) -> Any:
        value = read(item)
        return Count(value) if isinstance(value, int) else value

    return counted


def show_many(format: str, items: Iterable[Any], columns: Columns) -> int:
    """Print the items as they come, and return how many there were.

    JSON carries each item whole; tables and CSV have a column for each of `columns`: a dot path of the item as JSON
    has it, or a function of the item.
    """
    if format == "jsonl":
        count = _each(items, lambda item: _write_line(as_json(item)))
        if not count:
            print("nothing to show", file=sys.stderr)
        return count
    if format == "json":
        return _json_array(items)
    readers = {title: _reader(how) for title, how in columns.items()}
    if format in ("csv", "csv-raw"):
        writer = csv.writer(sys.stdout, lineterminator="\n")
        cell_of = _cell_of(format)
        writer.writerow(map(cell_of, readers))
        return _each(items, lambda item: writer.writerow(cell_of(read(item)) for read in readers.values()))
    return _table(items, readers)


def show_flat(format: str, items: Iterable[Any], flatten: Callable[[Any], Mapping[str, Any]]) -> int:
    """Print the items as CSV with a column for each path that any of them has, in the order of their first sight.

    They are kept on disk until the last has told its columns.
    """
    cell_of = _cell_of(format)
    columns: dict[str, None] = {}
    count = 0
    with TemporaryFile("w+", encoding="utf-8") as kept:
        for item in items:
            row = {cell_of(name): cell_of(value) for name, value in flatten(item).items()}
            columns.update(dict.fromkeys(row))
            kept.write(json.dumps(row, ensure_ascii=True, default=str) + "\n")
            count += 1
        kept.seek(0)
        writer = csv.DictWriter(sys.stdout, columns, lineterminator="\n", restval="")
        if columns:
            writer.writeheader()
        writer.writerows(map(json.loads, kept))
    return count


def show_one(format: str, item: Any, facts: Mapping[str, str | Read] | None = None) -> None:
    """Print one thing; a table has a line for each of its facts, all there are unless named."""
    if format in ("json", "jsonl"):
        text = as_json(item, indent=2 if format == "json" else None)
        return _write_line(text)
    values = (
        {title: _reader(how)(item) for title, how in facts.items()} if facts is not None else dict(leaves(plain(item)))
    )
    if format in ("csv", "csv-raw"):
        show_many(format, values.items(), {"name": lambda pair: pair[0], "value": lambda pair: pair[1]})
        return None
    # rich takes longer to load than a look-up takes.
    from rtcp.cli.tables import print_facts

    return print_facts({title: value for title, value in values.items() if value is not None})


def as_json(value: Any, *, indent: int | None = None) -> str:
    """One JSON text, in ASCII where the output cannot carry more."""
    # Where stdout was replaced, as in tests, it may name no encoding.
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    return visible_json(json.dumps(plain(value), ensure_ascii=encoding != "utf8", indent=indent, default=str))


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a nested record with their dot paths; lists of plain values stay whole."""
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(inner, Mapping | list) for inner in value):
        for number, inner in enumerate(value):
            yield from leaves(inner, f"{path}.{number}")
    else:
        yield path, value


def pick(value: Any, steps: Sequence[str]) -> Any:
    """The value at a dot path; on the way, a number chooses from a list, and a name is looked for in all of it."""
    for position, step in enumerate(steps):
        if isinstance(value, list) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        elif isinstance(value, list):
            return [pick(inner, steps[position:]) for inner in value] or None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _reader(how: str | Read) -> Read:
    if callable(how):
        return how
    steps = how.split(".")

    def read(item: Any) -> Any:
        for step in steps:
            item = item.get(step) if isinstance(item, Mapping) else getattr(item, step, None)
        return item

    return read


def _flat(value: Any) -> Any:
    """One field of CSV: nested values as JSON, so that nothing is lost."""
    value = plain(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else value


def _cell_of(format: str) -> Read:
    return _flat if format == "csv-raw" else _neutral


def _neutral(value: Any) -> Any:
    """The same for spreadsheets and terminals: a text that would be run as a formula has an apostrophe in front, and
    what would act on a terminal is written out.
    """
    flat = _flat(value)
    if not isinstance(flat, str):
        return flat
    is_formula = _FORMULA.match(flat) and not _NUMBER.fullmatch(flat)
    return visible(f"'{flat}" if is_formula else flat)


def _table(items: Iterable[Any], readers: Mapping[str, Read]) -> int:
    from rtcp.cli.tables import print_table

    rows = [tuple(read(item) for read in readers.values()) for item in items]
    if rows:
        print_table(tuple(readers), rows)
    else:
        print("nothing to show", file=sys.stderr)
    return len(rows)


def _json_array(items: Iterable[Any]) -> int:
    out: TextIO = sys.stdout
    count = 0
    for item in items:
        out.write((",\n" if count else "[\n") + as_json(item))
        count += 1
    out.write("\n]\n" if count else "[]\n")
    return count


def _each(items: Iterable[Any], write: Callable[[Any], Any]) -> int:
    count = 0
    for item in items:
        write(item)
        count += 1
    return count


def _write_line(text: str) -> None:
    sys.stdout.write(text + "\n")


def split_paths(text: str | None, several: Sequence[str] = ()) -> list[str]:
    r"""The values of an option that takes several at once, parted by commas; `\,` is a comma in a value."""
    given = [text or "", *several]
    parts = [part.replace("\\,", ",").strip() for each in given for part in _COMMA.split(each)]
    return [part for part in parts if part]
