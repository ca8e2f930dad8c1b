"""Where rows go that cannot go in: a folder that all executors reach, or with the commit messages to the driver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rtcp._disk import name_in_errors
from rtcp._paths import local_path
from rtcp._private import private_folder, replacing
from rtcp.bulk.reject_file import RejectFile
from rtcp.errors import PartialFailureError
from rtcp.rows.rejects import Reject, to_letter
from rtcp.spark.format_options import Options

KNOWN: Final = ("rejects", "driverRejects", "mostRejects")
_MOST: Final = 1_000
_AT_MOST: Final = 100_000


@dataclass(frozen=True)
class RejectPlace:
    """Takes the rejects of a task; goes to the workers.

    Attributes:
        folder: that all executors reach; a file for each partition.
        file: of the driver, which commit messages bring the rejects to.
        most: of one task, to the driver.
    """

    folder: str | None
    file: str | None
    most: int

    @classmethod
    def of(cls, options: Options) -> RejectPlace:
        """The place that options name.

        Raises:
            InvalidArgumentError: they name two.
        """
        folder, file = options.text("rejects"), options.text("driverRejects")
        if folder is not None and file is not None:
            raise options.refuse("driverRejects", 'stands beside "rejects": only one place can be meant')
        for name, path in (("rejects", folder), ("driverRejects", file)):
            if path is not None:
                local_path(path, what=name)
        return cls(folder, file, options.number("mostRejects", default=_MOST, least=1, most=_AT_MOST))

    def put(self, rejects: Iterable[Reject], name: str) -> tuple[int, tuple[bytes, ...]]:
        """Keep the rejects of a task, and return how many there are, with those that shall go to the driver.

        Args:
            name: of the task's file; the same in each of its attempts, so that a later one takes its place.

        Raises:
            PartialFailureError: there is no place for them.
        """
        if self.folder is not None:
            return self._write(rejects, Path(self.folder), name), ()
        letters: list[bytes] = []
        for reject in rejects:
            if self.file is None:
                raise PartialFailureError(
                    f'{reject.place} of {name} cannot go in: {reject.message}; for such rows, option "rejects" names '
                    'a folder that all executors reach, and "driverRejects" a file on the driver; without, none may be'
                )
            letters.append(to_letter(reject))
            if len(letters) > self.most:
                raise PartialFailureError(
                    f"more than {self.most:,} rows of {name} cannot go in, the last as {reject.message}; so many do "
                    'not go to the driver: option "rejects" names a folder that all executors reach'
                )
        return len(letters), tuple(letters)

    def collect(self, letters: Sequence[bytes]) -> None:
        """On the driver: keep what the commit messages have brought."""
        if self.file is None or not letters:
            return
        with RejectFile(self.file) as file:
            for letter in letters:
                file.add_line(letter)

    def _write(self, rejects: Iterable[Reject], folder: Path, name: str) -> int:
        path = folder / f"{name}.jsonl"
        private_folder(folder, is_shared=True)
        count = 0
        with name_in_errors(path), replacing(path) as file:
            for reject in rejects:
                file.write(to_letter(reject).decode())
                count += 1
        if count == 0:
            path.unlink(missing_ok=True)
        return count
