"""Answers about batches, read into models: the Catalog's map of them, and files of failed records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rtcp._json import read_json
from rtcp.errors import DecodeError
from rtcp.models.batch import Batch, FailedRecord
from rtcp.resources._base import catalog_map
from rtcp.transport.answers import parse
from rtcp.transport.request import Response


def batches_of(body: Any, response: Response) -> list[Batch]:
    """The batches of the Catalog's map by id."""
    return [parse(Batch, value, response) for value in catalog_map(body, response, what="batches")]


def batch_of(body: Any, response: Response, batch_id: str) -> Batch | None:
    """The batch of this id; None when there is none."""
    found = catalog_map(body, response, what="batches", only=batch_id)
    return next((parse(Batch, value, response) for value in found if value["id"] == batch_id), None)


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
