"""Chunks of a stream, and a map over them that is concurrent, in order, and flat in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Generic, TypeVar

from rtcp._workers import Workers

K = TypeVar("K", bound=Hashable)
A = TypeVar("A")
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
            for item in islice(stream, size * _REPEATS):
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


def ordered_map(function: Callable[[A], B], items: Iterable[A], *, workers: int) -> Iterator[B]:
    """Apply a function in threads and yield its results in the order of the items.

    At most twice as many items as workers are under way or waiting to be taken, so memory does not grow with the
    stream. The first exception, of the function or of the items, ends the iteration once the results before it are
    out; what is under way is not waited for.
    """
    if workers == 1:
        yield from map(function, items)
        return
    pool = Workers(workers, name="rtcp-bulk")
    under_way: deque[Future[B]] = deque()
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
                under_way.append(pool.submit(function, item))
            if not under_way:
                break
            yield under_way.popleft().result()
    finally:
        pool.close(wait=False)
    if trouble is not None:
        raise trouble
