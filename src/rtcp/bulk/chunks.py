"""Chunks of a stream, and a map over them that is concurrent, in order, and flat in memory."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Generic, TypeVar, cast

from rtcp._workers import Workers

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")
F = TypeVar("F")
B = TypeVar("B")

# A chunk ends after this many inputs per distinct one, so that a stream of one repeated item still flows.
_REPEATS: Final = 10


@dataclass(slots=True)
class Chunk(Generic[K, A]):
    """Inputs that go out together.

    Attributes:
        first: position of the first input in the stream.
        inputs: every input in order, with its key.
        distinct: by key, the inputs that differ.
    """

    first: int
    inputs: list[tuple[K, A]] = field(default_factory=list)
    distinct: dict[K, A] = field(default_factory=dict)


def chunked(items: Iterable[A], size: int, *, key: Callable[[A], K]) -> Iterator[Chunk[K, A]]:
    """Cut a stream into chunks of at most `size` distinct items, in order. Lazy: reads no further than the chunk
    at hand.
    """
    stream = iter(items)
    first = 0
    trouble: Exception | None = None
    while trouble is None:
        chunk: Chunk[K, A] = Chunk(first)
        inputs, distinct = chunk.inputs, chunk.distinct
        try:
            for item in islice(stream, min(size * _REPEATS, sys.maxsize)):
                identity = key(item)
                inputs.append((identity, item))
                distinct.setdefault(identity, item)
                if len(distinct) == size:
                    break
        except Exception as exc:  # noqa: BLE001 - the caller's iterable; what it gave before is not lost
            trouble = exc
        if inputs:
            yield chunk
            first += len(inputs)
        elif trouble is None:
            return
    raise trouble


@dataclass(frozen=True, slots=True)
class Unfinished(Generic[B]):
    """In the place of a result: reading was not enough, and `finish` asks for the rest."""

    finish: Callable[[], B]


def ordered_map(
    fetch: Callable[[A], F], read: Callable[[F], B | Unfinished[B]], items: Iterable[A], *, workers: int
) -> Iterator[B]:
    """Fetch for every item in threads, read what came in the caller's own, and yield the results in the order of the
    items. There is one interpreter lock: threads that read at the same time only take it from one another.

    At most twice as many items as workers are under way or waiting to be taken, so memory does not grow with the
    stream. The first exception, of a function or of the items, ends the iteration once the results before it are
    out; what is under way is not waited for.
    """
    if workers == 1:
        for item in items:
            result = read(fetch(item))
            # What is read may be of any type, also for those who narrow it down.
            yield cast("B", result.finish() if isinstance(result, Unfinished) else result)
        return
    pool = Workers(workers, name="rtcp-bulk")
    under_way: deque[_OnItsWay[F, B]] = deque()
    stream = iter(items)
    trouble: BaseException | None = None
    try:
        while True:
            while trouble is None and len(under_way) < 2 * workers:
                try:
                    item = next(stream)
                except StopIteration:
                    break
                except Exception as exc:  # noqa: BLE001 - the caller's iterable; its error waits its turn
                    trouble = exc
                    break
                under_way.append(_OnItsWay(pool.submit(fetch, item), read, pool))
            if not under_way:
                break
            first = under_way.popleft()
            if first.is_unfinished():
                # While it is waited for, the others can be asked about as well.
                for other in under_way:
                    other.read_if_fetched()
            yield first.result()
    finally:
        pool.close(wait=False)
    if trouble is not None:
        raise trouble


class _OnItsWay(Generic[F, B]):
    """An item that is fetched, then read, and finished where reading is not enough."""

    __slots__ = ("_fetched", "_pool", "_read", "_rest", "_result")

    def __init__(self, fetched: Future[F], read: Callable[[F], B | Unfinished[B]], pool: Workers) -> None:
        self._fetched = fetched
        self._read = read
        self._pool = pool
        self._rest: Future[B] | None = None
        self._result: Future[B] | None = None

    def is_unfinished(self) -> bool:
        """True when reading it, once it is fetched, is not enough."""
        self._read_now()
        return self._rest is not None

    def read_if_fetched(self) -> None:
        """Have its rest fetched, if there is one; an error waits its turn."""
        if self._fetched.done():
            self._read_now()

    def result(self) -> B:
        """What became of it, waited for."""
        self._read_now()
        result = self._result if self._rest is None else self._rest
        assert result is not None
        return result.result()

    def _read_now(self) -> None:
        if self._result is not None or self._rest is not None:
            return
        result: Future[B] = Future()
        try:
            read = self._read(self._fetched.result())
        except Exception as exc:  # noqa: BLE001 - whoever asks for the result gets it
            result.set_exception(exc)
        else:
            if isinstance(read, Unfinished):
                self._rest = self._pool.submit(read.finish)
                return
            result.set_result(read)
        self._result = result
