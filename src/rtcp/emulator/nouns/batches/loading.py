"""Bringing the files of a batch in: all rows are looked at first, so that one with too many errors leaves nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from rtcp.emulator.clock import write_instant
from rtcp.emulator.declared_fields import Node, compile_fields, row_violations
from rtcp.emulator.nouns.batches.row_reading import CORRUPT, CSV, Read, UnreadableError, read_rows
from rtcp.emulator.nouns.batches.uploads import Upload
from rtcp.emulator.nouns.datasets.catalog import Declared
from rtcp.emulator.store import Sandbox

REQUIRED, INCOMPATIBLE = "1555", "TypeCompatibilityException"
_DESCRIPTIONS = {
    CORRUPT: "The row has corrupted data and cannot be read or parsed. Fix the corrupted data and try again.",
    REQUIRED: (
        "A required field is either missing or has a value of null. Add the required field to the input row and try "
        "again."
    ),
    INCOMPATIBLE: "The row has a value of another type than that of its field. Fix the value and try again.",
}
_UNDIAGNOSED = (
    "Encountered errors while parsing, converting or otherwise validating the data. Please resend the data with error "
    "diagnostics enabled to collect additional information on failure types"
)
# The store is locked for so many rows at a time.
_ROWS_AT_ONCE = 2_000
_SAMPLE_ROWS = 100
ERRORS_FOLDER, INPUT_FOLDER, SAMPLE_FILE = "row_errors", "input_files", "row_errors_sample.json"
FAILED_FILE = "part-00000.json"


@dataclass(slots=True)
class Outcome:
    """What became of a batch, and what to add to its document."""

    is_success: bool
    document: dict[str, Any]


@dataclass(slots=True)
class _Tally:
    """What the first look at all rows has found."""

    rows: int = 0
    by_code: Counter[str] = field(default_factory=Counter)
    records: list[int] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return self.by_code.total()


def load(
    sandbox: Sandbox,
    declared: Declared,
    batch: Mapping[str, Any],
    uploads: Sequence[Upload],
    folder: Path,
    *,
    on_part: Callable[[], None],
) -> Outcome:
    """Read, check and store the rows of all files; `on_part` is called after each few thousand."""
    work = _Work(sandbox, declared, batch, uploads, folder, on_part)
    try:
        return work.run()
    except UnreadableError as error:
        errors = [{"code": error.code, "description": error.message, "rows": []}]
        return Outcome(False, {"errors": errors, "metrics": work.metrics(0, 0)})


class _Work:
    """One run over the files of one batch."""

    def __init__(
        self,
        sandbox: Sandbox,
        declared: Declared,
        batch: Mapping[str, Any],
        uploads: Sequence[Upload],
        folder: Path,
        on_part: Callable[[], None],
    ) -> None:
        self._on_part = on_part
        self._sandbox = sandbox
        self._declared = declared
        self._batch = batch
        self._uploads = uploads
        self._folder = folder
        self._format: Mapping[str, Any] = batch["inputFormat"]
        self._tally = _Tally()
        # Texts of a CSV are not converted, so they are not held to types either.
        self._fields = Node() if self._format["format"] == CSV else compile_fields(declared.dataset)

    def run(self) -> Outcome:
        if not self._uploads:
            raise UnreadableError("Dataset file is empty. Please upload file with data.", code="106")
        listed = self._look()
        tally, tags = self._tally, self._batch["tags"]
        percent = 100 * tally.failed / tally.rows if tally.rows else 0
        is_success = tally.failed == 0 or percent <= float(tags.get("acp_partialIngestionPercent") or 0)
        accepted = tally.rows - tally.failed if is_success else 0
        document = {
            "metrics": self.metrics(accepted, tally.failed),
            "errors": self._errors(accepted),
            "failed": [each for each in listed if each["name"] == FAILED_FILE],
            "meta": self._meta(listed),
        }
        if is_success:
            self._store()
            document["files"] = [
                {"name": upload.name, "length": upload.length, "records": records, "stored": upload.stored}
                for upload, records in zip(self._uploads, tally.records, strict=True)
            ]
        return Outcome(is_success, document)

    def metrics(self, accepted: int, failed: int) -> dict[str, int]:
        # A CSV comes in without being counted.
        if self._format["format"] == CSV:
            return {}
        size = sum(upload.length for upload in self._uploads)
        return {
            "inputByteSize": size,
            "inputFileCount": len(self._uploads),
            "inputRecordCount": self._tally.rows,
            "outputByteSize": size if accepted else 0,
            "outputFileCount": len(self._uploads) if accepted else 0,
            "outputRecordCount": accepted,
            "failedRecordCount": failed,
        }

    def _look(self) -> list[dict[str, Any]]:
        """Look at every row, and write the ones that fail with the reason; returns the files written."""
        with ExitStack() as stack:
            failures = _Failures(self._folder, stack)
            for upload in self._uploads:
                records = 0
                for read in read_rows(self._folder / upload.stored, self._format):
                    records += 1
                    if records % _ROWS_AT_ONCE == 0:
                        self._on_part()
                    error = read.error or self._error(_fit_timestamp(read.row))
                    if error is not None:
                        self._tally.by_code[error["code"]] += 1
                        failures.add(read, error, upload.name)
                self._tally.rows += records
                self._tally.records.append(records)
            return failures.listed()

    def _error(self, row: dict[str, Any]) -> dict[str, str] | None:
        # An update holds only what changes.
        found = row_violations(self._fields, self._declared.dataset, row, is_partial=self._declared.is_upsert)
        if not found:
            return None
        code = REQUIRED if found[0]["keyword"] == "required" else INCOMPATIBLE
        return {"code": code, "message": f"{found[0]['pointerToViolation']}: {found[0]['message']}"}

    def _store(self) -> None:
        if not self._declared.is_in_profile:
            return
        rows = self._good_rows()
        while chunk := list(islice(rows, _ROWS_AT_ONCE)):
            self._sandbox.ingest(
                self._declared.dataset.id, chunk, batch_id=self._batch["id"], fills=self._declared.is_upsert
            )
            if len(chunk) == _ROWS_AT_ONCE:
                self._on_part()

    def _good_rows(self) -> Iterator[dict[str, Any]]:
        for upload in self._uploads:
            for read in read_rows(self._folder / upload.stored, self._format):
                if read.error is None:
                    row = _fit_timestamp(read.row)
                    # No row is checked a second time where none has failed.
                    if not self._tally.failed or self._error(row) is None:
                        yield row

    def _errors(self, accepted: int) -> list[dict[str, Any]]:
        tally = self._tally
        if not tally.failed:
            return []
        if not self._is_diagnosed:
            return [{"code": "INGEST-1211-400", "description": _UNDIAGNOSED}]
        told = (
            f"Encountered {tally.failed} errors in the data. Successfully ingested {accepted} rows. Please review the "
            "associated diagnostic files for more details."
        )
        return [
            {"code": "INGEST-1212-400", "description": told},
            *(
                {"code": _batch_code(code), "description": _DESCRIPTIONS[code], "recordCount": count}
                for code, count in sorted(tally.by_code.items())
            ),
        ]

    def _meta(self, listed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        inputs = []
        for number, upload in enumerate(self._uploads, start=1):
            name = f"fileMetaData{number}.json"
            (self._folder / name).write_text(json.dumps({"path": upload.name, "size": upload.length}) + "\n", "utf-8")
            length = (self._folder / name).stat().st_size
            inputs.append({"name": f"{INPUT_FOLDER}/{name}", "length": length, "stored": name})
        if not self._is_diagnosed:
            return inputs
        return [*inputs, *(dict(each) for each in listed if each["name"] != FAILED_FILE)]

    @property
    def _is_diagnosed(self) -> bool:
        return self._batch["tags"].get("acp_enableErrorDiagnostics") in (True, "true")


class _Failures:
    """The files of failed rows: all of them in one, and the diagnostics by kind, the first ones once more."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._open: dict[str, IO[str]] = {}
        self._count = 0

    def add(self, read: Read, error: Mapping[str, str], file_name: str) -> None:
        told = {"_corrupt_record": read.corrupt} if read.corrupt is not None else dict(read.row)
        kind = "parsing_errors_0.json" if read.corrupt is not None else "conversion_errors_0.json"
        line = json.dumps({**told, "_errors": [dict(error)], "_filename": file_name}) + "\n"
        self._count += 1
        self._file(FAILED_FILE).write(line)
        self._file(f"{ERRORS_FOLDER}/{kind}").write(line)
        if self._count <= _SAMPLE_ROWS:
            self._file(SAMPLE_FILE).write(line)

    def listed(self) -> list[dict[str, Any]]:
        found = []
        for name, file in self._open.items():
            # Its length is asked of the disk, and the last lines may still be in memory.
            file.flush()
            stored = name.replace("/", "-")
            length = (self._folder / stored).stat().st_size
            found.append({"name": name, "length": length, "records": self._count, "stored": stored})
        return found

    def _file(self, name: str) -> IO[str]:
        if name not in self._open:
            path = self._folder / name.replace("/", "-")
            self._open[name] = self._stack.enter_context(path.open("w", encoding="utf-8"))
        return self._open[name]


def _fit_timestamp(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the time of an event as a text: batches take milliseconds too."""
    timestamp = row.get("timestamp")
    if not isinstance(timestamp, int) or isinstance(timestamp, bool):
        return row
    try:
        return {**row, "timestamp": write_instant(timestamp, digits=3)}
    except (OverflowError, ValueError, OSError):
        return row


def _batch_code(code: str) -> str:
    return f"INGEST-{code}-400" if code.isdecimal() else code
