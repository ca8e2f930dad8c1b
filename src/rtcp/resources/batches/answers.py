"""Answers about batches, read into models: the Catalog's map of them, and files of failed records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rtcp._json import read_json
from rtcp.errors import DecodeError
from rtcp.models.batch import Batch, FailedRecord
from rtcp.transport.answers import parse, unreadable
from rtcp.transport.request import Response


def batches_of(body: Any, response: Response) -> list[Batch]:
    """The batches of the Catalog's map by id."""
    if not isinstance(body, dict):
        raise unreadable(response, "the answer is no map of batches")
    # The id is the key, and not always repeated inside.
    return [parse(Batch, {**value, "id": key}, response) for key, value in body.items() if isinstance(value, dict)]


def read_failed_records(path: Path, file: str) -> Iterator[FailedRecord]:
    """Yield the records of one file of failed ones; `file` is its name at the service.

    Raises:
        DecodeError: a line is no JSON object.
    """
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                record = read_json(line)
            except ValueError:
                record = None
            if not isinstance(record, dict):
                # The line itself is somebody's data and stays out of the message.
                raise DecodeError(f"{file}, line {number}: no JSON object")
            yield FailedRecord.from_wire(record, file=file)
