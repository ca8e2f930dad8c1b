"""CSV and its kin, record by record: a broken record is one reject, and reading goes on with the next line."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rtcp.rows.text_files import Line, lines_of, open_binary, reading

DELIMITERS: Final = (",", ";", "\t", "|")
# A quote that nobody closes would make one value of the rest of the file.
_MOST_LINES: Final = 1_000


class Record(NamedTuple):
    """One record: the line that it begins in, its values, or what is wrong with it and the text of that line."""

    line: int
    values: list[str]
    problem: str | None = None
    text: str | None = None


class _TooLongError(Exception):
    """A record goes on for more lines than a record would."""


def records_of(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    """Yield the records of a file; empty lines are none.

    As long as nothing is wrong they come as they are read; from the first trouble on, each line is looked at.
    """
    before = 0
    try:
        with reading(path), open_binary(path) as raw:
            text = io.TextIOWrapper(raw, encoding=encoding, newline="")
            reader = csv.reader(text, delimiter=delimiter, strict=True)
            for values in reader:
                if reader.line_num - before > _MOST_LINES:
                    break
                if values:
                    yield Record(before + 1, values)
                before = reader.line_num
            else:
                return
    except (csv.Error, UnicodeError):
        # Begun anew behind the last good record, below, where it is found out which line is wrong.
        pass
    yield from _records_with_care((line for line in lines_of(path, encoding) if line.number > before), delimiter)


def _records_with_care(lines: Iterator[Line], delimiter: str) -> Iterator[Record]:
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    while True:
        feed.begin()
        try:
            values = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLongError) as exc:
            problem = "a quote is opened and not closed" if isinstance(exc, _TooLongError) else _said(exc)
            first = feed.give_back()
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            yield Record(first.number, [], first.problem or problem, first.text.rstrip("\r\n"))
            continue
        unread = feed.problem
        if unread is not None:
            yield Record(feed.first.number, [], unread, None)
        elif values:
            yield Record(feed.first.number, values)


def told_delimiter(line: str) -> str | None:
    """The delimiter that Excel is told by a first line such as `sep=;`; None where it is none."""
    told = line.strip().lstrip("\ufeff").strip('"').lower()
    return told[4] if len(told) == 5 and told.startswith("sep=") else "\t" if told == "sep=" else None


def sniff_delimiter(header: str) -> str:
    """The delimiter of a header line: that of the known ones which parts it into the most columns."""

    def count(delimiter: str) -> int:
        try:
            return len(next(csv.reader([header], delimiter=delimiter, strict=True), []))
        except csv.Error:
            # A quote is left open: which line that spoils is told later.
            return len(header.split(delimiter))

    return max(DELIMITERS, key=count)


class _Feed:
    """Hands lines to the reader, and remembers those of the present record."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self._again: deque[Line] = deque()
        self._taken: list[Line] = []

    def begin(self) -> None:
        self._taken.clear()

    @property
    def first(self) -> Line:
        return self._taken[0]

    @property
    def problem(self) -> str | None:
        return next((line.problem for line in self._taken if line.problem is not None), None)

    def give_back(self) -> Line:
        """Return the first line of the record; the others are to be read again."""
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        return first

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= _MOST_LINES:
            raise _TooLongError
        line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(line)
        return line.text


def _said(exc: Exception) -> str:
    text = str(exc)
    if "unexpected end of data" in text:
        return "a quote is opened and not closed"
    # Others of its messages repeat the delimiter at most.
    return f"no CSV ({text})"
