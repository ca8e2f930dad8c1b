"""A handler that keeps every log record of every library, as a nervous operator would."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class Capture(logging.Handler):
    """Keeps the records, their arguments and their tracebacks as texts."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def texts(self) -> list[str]:
        formatter = logging.Formatter("%(name)s %(message)s %(pathname)s")
        return [
            f"{formatter.format(record)} {record.msg!r} {record.args!r} {record.exc_text}" for record in self.records
        ]

    def loggers(self) -> set[str]:
        return {record.name for record in self.records}


@contextmanager
def everything_logged() -> Iterator[Capture]:
    """All loggers at DEBUG into one handler."""
    root, capture = logging.getLogger(), Capture()
    level = root.level
    root.addHandler(capture)
    root.setLevel(logging.DEBUG)
    try:
        yield capture
    finally:
        root.setLevel(level)
        root.removeHandler(capture)
