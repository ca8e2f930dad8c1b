"""Receipts: which job a task has started, written down where every worker can read it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from rtcp._json import read_json
from rtcp.airflow import _compat
from rtcp.errors import InvalidArgumentError

_SUFFIX: Final = ".json"


class Receipts:
    """The receipt of one task of one DAG run, in a folder or a bucket that all workers share.

    Args:
        place: a path, or an address that Airflow's object storage knows, such as `s3://aws_default@bucket/receipts`.
        instance: the task instance.
    """

    def __init__(self, place: str, instance: Any) -> None:
        mapped = getattr(instance, "map_index", -1)
        # Each part of a mapped task starts a job of its own.
        task = instance.task_id if mapped in (None, -1) else f"{instance.task_id}.{mapped}"
        self._file = _open_path(place)
        for name in (instance.dag_id, instance.run_id, task):
            # Ids of runs have colons and plus signs, and may have slashes.
            self._file /= _segment(name)
        self._file = self._file.parent / f"{self._file.name}{_SUFFIX}"

    def __str__(self) -> str:
        return str(self._file)

    def read(self) -> dict[str, Any] | None:
        """The receipt, None when there is none yet.

        Raises:
            InvalidArgumentError: what stands there is no receipt.
        """
        receipt: Any = None
        try:
            with suppress(ValueError):
                receipt = read_json(self._file.read_text())
        except FileNotFoundError:
            return None
        if not isinstance(receipt, dict) or not isinstance(receipt.get("job_id"), str):
            raise InvalidArgumentError(f"{self._file} is no receipt of a task: look what it is, and remove it")
        return receipt

    def write(self, receipt: dict[str, Any]) -> None:
        """Keep the receipt, in place of an older one."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # A worker that is killed here must not leave half of one.
        part = self._file.parent / f"{self._file.name}.part"
        part.write_text(json.dumps(receipt))
        part.replace(self._file)


def _segment(name: str) -> str:
    # Airflow takes dots for an id; as a name they would lead into the folder of something else.
    return name.replace(".", "%2E") if name in (".", "..") else quote(name, safe="")


def _open_path(place: str) -> Any:
    if "://" not in place and not PurePath(place).is_absolute():
        raise InvalidArgumentError(f"receipts: {place!r} is another folder on each worker; give the whole path")
    try:
        path = _compat.object_storage_path(place)
        # Before Airflow 3 an address of nothing is told only here.
        _ = path.fs
    except (ValueError, ImportError) as exc:
        raise InvalidArgumentError(f"receipts: no folder can be opened at {place!r}: {exc}") from None
    return path
