"""Files of a batch, as data access lists them, and as they come down and go up."""

from __future__ import annotations

from dataclasses import dataclass

from rtcp._notebook import Displayed


@dataclass(frozen=True, slots=True)
class RemoteFile(Displayed):
    """One file that data access can send.

    Attributes:
        batch_id: the batch that it belongs to.
        file_id: id of the dataset file; a directory of parts has several names under one id.
        name: as the service lists it.
        length: bytes, or None where the service does not tell.
    """

    batch_id: str
    file_id: str
    name: str
    length: int | None = None


@dataclass(frozen=True, slots=True)
class DownloadProgress(Displayed):
    """How far a download is; files that were there already count as done.

    Attributes:
        file: the name of the file that moved last.
        bytes_done, bytes_total: over all files; the total is None while the length of a file is unknown.
        files_done, files_total: complete files, and all.
    """

    file: str
    bytes_done: int
    bytes_total: int | None
    files_done: int
    files_total: int


@dataclass(frozen=True, slots=True)
class UploadProgress(Displayed):
    """How far the upload of a file is; a part that is sent again begins anew in the count.

    Attributes:
        file: the name that the file has in the batch.
        bytes_done, bytes_total: of the file.
    """

    file: str
    bytes_done: int
    bytes_total: int
