"""The files of an export as a frame: read where they are, a partition for each file, or for a few of its row groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow
import pyarrow.parquet
from pyspark.sql.datasource import DataSourceReader, InputPartition
from pyspark.sql.types import StructType

from rtcp._workers import Workers
from rtcp.errors import InvalidArgumentError, RtcpError
from rtcp.files.data_access import DataAccess
from rtcp.files.range_file import RangeFile
from rtcp.models.file import RemoteFile
from rtcp.rows.paths import parse_path
from rtcp.spark.access import Access
from rtcp.spark.columns import arrow_schema, nullable
from rtcp.spark.format_source import FormatSource

_SPLIT: Final = 128 << 20
# Bytes of a file that a worker holds at a time, compressed.
_HELD: Final = 32 << 20
_ROWS: Final = 10_000
_FOOTERS: Final = 8


class ExportSource(FormatSource):
    """`spark.read.format("rtcp.export").option("jobId", ...)`."""

    format = "rtcp.export"
    known = ("jobId", "fields", "splitBytes")

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(options)
        self._job_id = self._options.required("jobId")
        self._fields = self._options.names("fields")
        self._split = self._options.number("splitBytes", default=_SPLIT, least=1 << 16, most=1 << 40)
        self._access = self.access()
        self._files: list[_File] | None = None

    def schema(self) -> StructType:
        """The columns of all files, from their footers."""
        from pyspark.sql.pandas.types import from_arrow_schema

        # What one file always has, another one may lack.
        schema: StructType = nullable(from_arrow_schema(self._union()))
        return schema

    def reader(self, schema: StructType) -> DataSourceReader:
        """Reads the columns of a schema, which may be fewer than there are."""
        wanted = arrow_schema(schema, f"{self.format}: schema")
        if schema != nullable(schema):
            # Spark takes the word of a column that it cannot be null, and shows 0 where nothing is.
            raise InvalidArgumentError(
                f"{self.format}: schema says that a column is never null, which no file promises: allow null everywhere"
            )
        if self._described():
            _check_columns(wanted, self._union())
        return _ExportReader(self._access, self._described(), wanted, self._split)

    def _union(self) -> pyarrow.Schema:
        files = self._described()
        if not files:
            raise InvalidArgumentError(
                f"export {self._job_id} has no files, as nobody was exported; .schema(...) makes an empty frame of it"
            )
        schema = pyarrow.unify_schemas([file.schema for file in files], promote_options="permissive")
        return schema if self._fields is None else _cut_to(schema, self._fields)

    def _described(self) -> list[_File]:
        if self._files is None:
            self._files = _describe(self._access, self._job_id)
        return self._files


@dataclass(frozen=True)
class _File:
    """One file of an export, by its footer.

    Attributes:
        groups: compressed bytes of each row group.
    """

    file: RemoteFile
    schema: pyarrow.Schema
    groups: tuple[int, ...]


@dataclass
class _Part(InputPartition):
    """Row groups of one file."""

    file: RemoteFile
    groups: list[list[int]]

    def __init__(self, file: RemoteFile, groups: list[list[int]]) -> None:
        super().__init__(None)
        self.file = file
        self.groups = groups


class _ExportReader(DataSourceReader):
    def __init__(self, access: Access, files: Sequence[_File], wanted: pyarrow.Schema, split: int) -> None:
        self._access = access
        self._files = files
        self._wanted = wanted
        self._split = split

    def partitions(self) -> list[InputPartition]:
        """A partition for each file, or for so many bytes of it."""
        parts: list[InputPartition] = []
        for each in self._files:
            for groups in _gather(range(len(each.groups)), each.groups, self._split):
                parts.append(_Part(each.file, _gather(groups, each.groups, _HELD)))
        return parts

    def read(self, partition: InputPartition) -> Iterator[pyarrow.RecordBatch]:
        """The rows of a partition, in batches of Arrow."""
        if not isinstance(partition, _Part):
            # Spark's own, where there is none of ours: an export of nobody.
            return
        client = self._access.client()
        opened = _open(DataAccess(client._session, client.config), partition.file)
        present = [name for name in _leaves(self._wanted) if _has_path(opened.schema_arrow, name)]
        for groups in partition.groups:
            yield from self._batches(opened, groups, present, partition.file)

    def _batches(
        self, opened: Any, groups: list[int], columns: list[str], file: RemoteFile
    ) -> Iterator[pyarrow.RecordBatch]:
        stream = opened.iter_batches(_ROWS, row_groups=groups, columns=columns)
        while True:
            try:
                batch = next(stream, None)
                fitted = None if batch is None else _fit(batch, self._wanted)
            except (pyarrow.ArrowException, OSError, ValueError, TypeError) as exc:
                problem = type(exc).__name__
            else:
                if fitted is None:
                    return
                yield fitted
                continue
            # What the library says holds values of rows.
            raise RtcpError(
                f"file {file.name!r} of batch {file.batch_id} cannot be read as its footer says ({problem})"
            )


def _describe(access: Access, job_id: str) -> list[_File]:
    client = access.client()
    # One look: a job that still runs raises, and says so.
    job = client.export_jobs.get(job_id)
    if not job.is_final:
        raise InvalidArgumentError(
            f"export {job_id} is still {job.status}; client.export_jobs.wait({job_id!r}) waits for it"
        )
    client.export_jobs.wait(job_id)
    data = DataAccess(client._session, client.config)
    listed = [file for batch in job.batches for file in data.files(str(batch.batch_id))]
    pool = Workers(_FOOTERS, name="rtcp-footers")
    try:
        return [each.result() for each in [pool.submit(_read_footer, data, file) for file in listed]]
    finally:
        pool.close(wait=False)


def _read_footer(data: DataAccess, file: RemoteFile) -> _File:
    opened = _open(data, file)
    metadata = opened.metadata
    groups = tuple(_size_of(metadata.row_group(number)) for number in range(metadata.num_row_groups))
    return _File(file, opened.schema_arrow, groups)


def _size_of(group: Any) -> int:
    return sum(group.column(number).total_compressed_size for number in range(group.num_columns))


def _open(data: DataAccess, file: RemoteFile) -> Any:
    try:
        return pyarrow.parquet.ParquetFile(pyarrow.PythonFile(RangeFile(data, file), mode="r"), pre_buffer=True)
    except pyarrow.ArrowException:
        pass
    raise InvalidArgumentError(
        f"file {file.name!r} of batch {file.batch_id} is no Parquet, which is all that this format reads"
    )


def _gather(numbers: Sequence[int], sizes: Sequence[int], most: int) -> list[list[int]]:
    """The numbers in groups of at most so many bytes, if not of a single one."""
    gathered: list[list[int]] = []
    size = 0
    for number in numbers:
        if not gathered or size + sizes[number] > most:
            gathered.append([])
            size = 0
        gathered[-1].append(number)
        size += sizes[number]
    return gathered


def _cut_to(schema: pyarrow.Schema, paths: Sequence[str]) -> pyarrow.Schema:
    """The schema with these paths only, in its own order."""
    for path in paths:
        parse_path(path)
        if not _has_path(schema, path):
            raise InvalidArgumentError(
                f'{ExportSource.format}: option "fields" names {path!r}, which this export does not have'
            )
    return pyarrow.schema([kept for field in schema if (kept := _cut_field(field, field.name, paths)) is not None])


def _cut_field(field: pyarrow.Field, path: str, wanted: Sequence[str]) -> pyarrow.Field | None:
    if path in wanted:
        return field
    if not any(each.startswith(f"{path}.") for each in wanted) or not pyarrow.types.is_struct(field.type):
        return None
    inner = [kept for child in field.type if (kept := _cut_field(child, f"{path}.{child.name}", wanted)) is not None]
    return pyarrow.field(field.name, pyarrow.struct(inner))


def _check_columns(wanted: pyarrow.Schema, there: pyarrow.Schema) -> None:
    """Refuse columns that no file has, and types that a column cannot be read as."""
    for field in wanted:
        if field.name not in there.names:
            raise InvalidArgumentError(
                f"{ExportSource.format}: no file has a column {field.name!r}; there are {_list_names(there.names)}"
            )
        _check_type(field.type, there.field(field.name).type, field.name)


def _check_type(wanted: pyarrow.DataType, there: pyarrow.DataType, path: str) -> None:
    if pyarrow.types.is_struct(wanted) and pyarrow.types.is_struct(there):
        for child in wanted:
            number = there.get_field_index(child.name)
            if number < 0:
                raise InvalidArgumentError(f"{ExportSource.format}: no file has a column '{path}.{child.name}'")
            _check_type(child.type, there.field(number).type, f"{path}.{child.name}")
        return
    if pyarrow.types.is_list(wanted) and pyarrow.types.is_list(there):
        _check_type(wanted.value_type, there.value_type, f"{path}[]")
        return
    try:
        pyarrow.array([], there).cast(wanted)
    except pyarrow.ArrowException:
        pass
    else:
        return
    raise InvalidArgumentError(f"{ExportSource.format}: column {path!r} is {there}, and cannot be read as {wanted}")


def _leaves(schema: pyarrow.Schema) -> list[str]:
    """The dot paths of what is to be read: structs by their fields, all else whole."""
    return [path for field in schema for path in _leaves_of(field, field.name)]


def _leaves_of(field: pyarrow.Field, path: str) -> list[str]:
    if not pyarrow.types.is_struct(field.type):
        return [path]
    return [inner for child in field.type for inner in _leaves_of(child, f"{path}.{child.name}")]


def _has_path(schema: pyarrow.Schema, path: str) -> bool:
    fields: Any = schema
    for step in path.split("."):
        number = fields.get_field_index(step) if hasattr(fields, "get_field_index") else -1
        if number < 0:
            return False
        fields = fields.field(number).type
    return True


def _fit(batch: pyarrow.RecordBatch, wanted: pyarrow.Schema) -> pyarrow.RecordBatch:
    """The batch with the columns that are wanted, those null that this file does not have."""
    arrays = [
        _fit_array(batch.column(batch.schema.names.index(field.name)), field.type)
        if field.name in batch.schema.names
        else pyarrow.nulls(batch.num_rows, field.type)
        for field in wanted
    ]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=wanted)


def _fit_array(array: pyarrow.Array, wanted: pyarrow.DataType) -> pyarrow.Array:
    if array.type == wanted:
        return array
    if pyarrow.types.is_struct(array.type) and pyarrow.types.is_struct(wanted):
        children = [
            _fit_array(array.field(number), child.type)
            if (number := array.type.get_field_index(child.name)) >= 0
            else pyarrow.nulls(len(array), child.type)
            for child in wanted
        ]
        return pyarrow.StructArray.from_arrays(children, fields=list(wanted), mask=array.is_null())
    return array.cast(wanted)


def _list_names(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
