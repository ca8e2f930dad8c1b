"""People, and their events, beside the rows of a frame that name them; each partition is one bulk look-up."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow

from rtcp._arguments import check_number, checked_paths
from rtcp._outlook import Outlook, judge
from rtcp.bulk.chunks import Chunk, chunked, ordered_map
from rtcp.client import Client
from rtcp.config import Config
from rtcp.errors import InvalidArgumentError, NotFoundError, RtcpError
from rtcp.models.entity import Event, SchemaClass
from rtcp.models.identity import to_identity
from rtcp.spark.access import Access
from rtcp.spark.columns import arrow_schema, nullable, to_column
from rtcp.spark.frame_rows import check_types
from rtcp.spark.job_budget import JobBudget
from rtcp.transport.wire import POOL_SIZE

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

_ENTITY: Final = "entity"
_EVENT: Final = "event"
_ABOUT: Final = ("is_missing", "error")
_NULL: Final = "the id is null"
_BLANK: Final = "the id is blank"
# People of a worker's turn: the events of each are a request of their own.
_TURN: Final = 10
_ROWS: Final = 5_000


def lookup(
    df: DataFrame,
    *,
    column: str,
    namespace: str | None = None,
    fields: Sequence[str] | None = None,
    schema: StructType | str | None = None,
    schema_name: str = SchemaClass.PROFILE,
    merge_policy_id: str | None = None,
    workers: int = 8,
    chunk_size: int = 100,
    config: Config | None = None,
    budget: JobBudget | None = None,
) -> DataFrame:
    """Return the same rows with three columns more: `entity`, `is_missing`, `error`.

    Lazy: every action asks again, and a sort behind it asks twice. Persist the frame, or write it, before it is used
    more than once.

    Args:
        df: rows, each of which names somebody.
        column: that has the ids, texts or whole numbers in `namespace`, or XIDs.
        fields: dot paths to return; None returns all.
        schema: of `entity`, as Spark writes it; None leaves it JSON text. What it does not name is left out.
        workers: requests of one task under way at a time.
        chunk_size: identities in a request. Equal ones are asked for once in each.
        config: settings; None takes those of this process. Secrets must be references.
        budget: of all tasks together; see `rtcp.spark.budget`.

    `is_missing` is true where the service knows nothing of somebody. `error` says why there is no entity in any other
    case: a null or blank id, for which nobody is asked, a refusal, or an entity that does not fit the schema.

    Raises:
        InvalidArgumentError: an argument cannot be right, or there is no such column.
        ConfigError: a setting is missing, or a secret would have to travel in plain.
    """
    check_number("chunk_size", chunk_size, least=1)
    finder = _Entities(
        namespace,
        _paths(fields),
        merge_policy_id,
        _check_workers(workers),
        schema_name=str(schema_name),
        chunk_size=chunk_size,
    )
    return _beside(df, column, _ENTITY, schema, finder, config, budget)


def events(
    df: DataFrame,
    *,
    column: str,
    namespace: str | None = None,
    fields: Sequence[str] | None = None,
    schema: StructType | str | None = None,
    merge_policy_id: str | None = None,
    workers: int = 8,
    config: Config | None = None,
    budget: JobBudget | None = None,
) -> DataFrame:
    """Return a row for each event of those whom the rows name, oldest first, with `event`, `is_missing`, `error`.

    Somebody without events keeps one row, whose `event` is null; so does somebody whose events could not be read, and
    `error` says why. Lazy, like `lookup`.

    Args:
        df, column, fields, workers, config, budget: as of `lookup`.
        schema: of `event`, as Spark writes it; None leaves it JSON text.

    Raises:
        InvalidArgumentError: an argument cannot be right, or there is no such column.
        ConfigError: a setting is missing, or a secret would have to travel in plain.
    """
    finder = _Events(namespace, _paths(fields), merge_policy_id, _check_workers(workers))
    return _beside(df, column, _EVENT, schema, finder, config, budget)


class _Found(NamedTuple):
    """What came of one id: objects, or why there is none."""

    objects: Sequence[Any]
    is_missing: bool = False
    error: str | None = None


@dataclass(frozen=True)
class _Finder:
    """What is asked for; goes to the workers."""

    namespace: str | None
    fields: tuple[str, ...] | None
    merge_policy_id: str | None
    workers: int

    def find(self, client: Client, ids: Iterator[Any]) -> Iterator[_Found]:
        """What came of each id, in their order."""
        raise NotImplementedError


@dataclass(frozen=True)
class _Entities(_Finder):
    schema_name: str
    chunk_size: int

    def find(self, client: Client, ids: Iterator[Any]) -> Iterator[_Found]:
        for each in client.entities.get_many(
            ids,
            namespace=self.namespace,
            schema_name=self.schema_name,
            fields=self.fields,
            merge_policy_id=self.merge_policy_id,
            workers=self.workers,
            chunk_size=self.chunk_size,
            on_missing="yield",
        ):
            if each.error is None:
                yield _Found([each.entity.entity])
            else:
                yield _Found([None], each.is_missing, None if each.is_missing else _describe(each.error))


class _Events(_Finder):
    def find(self, client: Client, ids: Iterator[Any]) -> Iterator[_Found]:
        turns = chunked(ids, _TURN, key=str)
        for found in ordered_map(lambda turn: self._turn(client, turn), list[_Found], turns, workers=self.workers):
            yield from found

    def _turn(self, client: Client, turn: Chunk[str, Any]) -> list[_Found]:
        known = {key: self._events_of(client, each) for key, each in turn.distinct.items()}
        return [known[key] for key, _ in turn.inputs]

    def _events_of(self, client: Client, given: Any) -> _Found:
        try:
            with warnings.catch_warnings():
                # The page says it; a warning for each person would only fill the logs.
                warnings.simplefilter("ignore", PendingDeprecationWarning)
                listed: list[Event] = list(
                    client.entities.list_events(
                        to_identity(given, self.namespace), fields=self.fields, merge_policy_id=self.merge_policy_id
                    )
                )
        except NotFoundError:
            return _Found([None], is_missing=True)
        except RtcpError as exc:
            if judge(exc) is Outlook.HOPELESS:
                raise
            return _Found([None], error=_describe(exc))
        return _Found([event.entity for event in listed] or [None])


@dataclass(frozen=True)
class _Task:
    """Answers a partition; goes to the workers.

    Attributes:
        position: of the column with the ids.
        names: of all columns, those that are added included.
        kind: of the column with what was found; None is JSON text.
    """

    finder: _Finder
    access: Access
    position: int
    names: tuple[str, ...]
    kind: pyarrow.DataType | None

    def __call__(self, batches: Iterable[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        find = partial(self.finder.find, self.access.client())
        for batch, found in _answer_batches(batches, self.position, find):
            for part, some in _cut(batch, found):
                yield _join(part, some, self.names, self.kind)


def _answer_batches(
    batches: Iterable[pyarrow.RecordBatch], position: int, answer: Callable[[Iterator[Any]], Iterator[_Found]]
) -> Iterator[tuple[pyarrow.RecordBatch, list[_Found]]]:
    """Each batch with what came of its ids. Batches are read on while answers are awaited; a few are in memory."""
    waiting: deque[tuple[pyarrow.RecordBatch, list[_Found | None]]] = deque()

    def asked() -> Iterator[Any]:
        for batch in batches:
            if batch.num_rows == 0:
                continue
            ids = batch.column(position).to_pylist()
            unasked = [_answer_alone(each) for each in ids]
            waiting.append((batch, unasked))
            yield from (each for each, known in zip(ids, unasked, strict=True) if known is None)

    def complete() -> Iterator[tuple[pyarrow.RecordBatch, list[_Found]]]:
        while waiting and None not in waiting[0][1]:
            batch, found = waiting.popleft()
            yield batch, [each for each in found if each is not None]

    gap = 0
    for found in answer(asked()):
        slots = waiting[0][1]
        gap = slots.index(None, gap)
        slots[gap] = found
        if None not in slots[gap:]:
            gap = 0
            yield from complete()
    yield from complete()


def _answer_alone(given: Any) -> _Found | None:
    """What is known of an id without asking anybody."""
    if given is None:
        return _Found([None], error=_NULL)
    if isinstance(given, str) and not given.strip():
        return _Found([None], error=_BLANK)
    return None


def _cut(batch: pyarrow.RecordBatch, found: Sequence[_Found]) -> Iterator[tuple[pyarrow.RecordBatch, list[_Found]]]:
    """The rows in parts whose events are not too many for one batch."""
    start = size = 0
    for position, each in enumerate(found):
        size += len(each.objects)
        if size >= _ROWS or position == len(found) - 1:
            yield batch.slice(start, position + 1 - start), list(found[start : position + 1])
            start, size = position + 1, 0


def _join(
    batch: pyarrow.RecordBatch, found: Sequence[_Found], names: Sequence[str], kind: pyarrow.DataType | None
) -> pyarrow.RecordBatch:
    """The rows, each as often as it has objects, and the columns that are added."""
    objects = [one for each in found for one in each.objects]
    added, problems = to_column(objects, kind)
    missing = [each.is_missing for each in found for _ in each.objects]
    errors = [each.error for each in found for _ in each.objects]
    for position, problem in problems.items():
        errors[position] = problem
    if len(objects) != batch.num_rows:
        batch = batch.take([row for row, each in enumerate(found) for _ in each.objects])
    columns = [*batch.columns, added, pyarrow.array(missing, pyarrow.bool_()), pyarrow.array(errors, pyarrow.string())]
    return pyarrow.RecordBatch.from_arrays(columns, names=list(names))


def _describe(error: RtcpError) -> str:
    # Its position among the ids of a task says nothing to anybody.
    text = str(error)
    return text.partition(": ")[2] if text.startswith("id at position ") else text


def _check_workers(workers: int) -> int:
    check_number("workers", workers, least=1, most=POOL_SIZE)
    return workers


def _paths(fields: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if fields is None else tuple(checked_paths(fields))


def _beside(
    df: DataFrame,
    column: str,
    added: str,
    schema: StructType | str | None,
    finder: _Finder,
    config: Config | None,
    budget: JobBudget | None,
) -> DataFrame:
    """The frame, and beside its rows what will be found."""
    _check(df, column, (added, *_ABOUT))
    kind, whole = _added_schema(df, added, schema)
    task = _Task(finder, _access(config, budget), df.columns.index(column), tuple(whole.names), kind)
    # Spark asks for the columns by name here, and takes a name with a dot for a path.
    plain = df.toDF(*[f"c{number}" for number in range(len(df.columns))])
    return plain.mapInArrow(task, whole)


def _check(df: DataFrame, column: str, added: Sequence[str]) -> None:
    from pyspark.sql.types import IntegralType, StringType

    if not hasattr(df, "mapInArrow"):
        raise InvalidArgumentError(f"df must be a DataFrame of Spark, not {type(df).__name__}")
    if not isinstance(column, str) or column not in df.columns:
        raise InvalidArgumentError(f"there is no column {column!r}; the frame has {', '.join(df.columns)}")
    if df.columns.count(column) > 1:
        raise InvalidArgumentError(f"there are two columns {column!r}")
    kind = df.schema[column].dataType
    if not isinstance(kind, StringType | IntegralType):
        raise InvalidArgumentError(f"column {column!r} is of the type {kind.simpleString()}; ids are texts or integers")
    taken = [name for name in added if name.casefold() in {each.casefold() for each in df.columns}]
    if taken:
        raise InvalidArgumentError(f"the frame has a column {taken[0]!r} already, which is to be added: rename it")


def _added_schema(
    df: DataFrame, name: str, schema: StructType | str | None
) -> tuple[pyarrow.DataType | None, StructType]:
    """The type of the new column for Arrow, and the schema with all new columns for Spark."""
    from pyspark.errors import PySparkException
    from pyspark.sql.types import BooleanType, DataType, StringType, StructField, StructType

    wanted: DataType = StringType()
    kind = None
    if schema is not None:
        parsed: Any = schema
        if isinstance(schema, str):
            try:
                parsed = StructType.fromDDL(schema)
            except PySparkException:
                parsed = None
        kind = pyarrow.struct(list(arrow_schema(parsed, "schema")))
        check_types(parsed, "schema")
        # Spark takes the word of a column that it cannot be null, and shows 0 where nothing came.
        wanted = nullable(parsed)
    fields = [
        *df.schema.fields,
        StructField(name, wanted),
        StructField("is_missing", BooleanType()),
        StructField("error", StringType()),
    ]
    return kind, StructType(fields)


def _access(config: Config | None, budget: JobBudget | None) -> Access:
    access = Access.of(config, budget=None if budget is None else budget.address)
    if not access.config.emulator:
        needed = ["org_id", "client_id"] if access.token_variable is None else ["org_id"]
        access.config.require(*needed)
    return access
