"""Chunks of a stream and a concurrent map over them: in order, lazy, and flat in memory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from itertools import accumulate
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.bulk.chunks import Unfinished, chunked, ordered_map

T = TypeVar("T")


@given(st.lists(st.integers(0, 20)), st.integers(1, 7))
def test_every_input_is_in_one_chunk_at_its_position(items: list[int], size: int) -> None:
    chunks = list(chunked(items, size, key=lambda item: item))

    assert [item for chunk in chunks for _, item in chunk.inputs] == items
    assert [chunk.first for chunk in chunks] == [0, *accumulate(len(chunk.inputs) for chunk in chunks)][: len(chunks)]
    for chunk in chunks:
        assert 1 <= len(chunk.distinct) <= size
        assert set(chunk.distinct) == {item for _, item in chunk.inputs}


def test_the_position_of_a_chunk_counts_the_inputs_that_came_twice() -> None:
    assert [chunk.first for chunk in chunked([1, 1, 2, 3], 2, key=lambda item: item)] == [0, 3]


@given(st.lists(st.integers(0, 1000), unique=True), st.integers(1, 7))
def test_all_chunks_of_distinct_inputs_but_the_last_are_full(items: list[int], size: int) -> None:
    sizes = [len(chunk.inputs) for chunk in chunked(items, size, key=lambda item: item)]

    assert all(each == size for each in sizes[:-1])


def test_equal_inputs_go_out_once() -> None:
    (chunk,) = chunked(["a", "A", "b", "a"], 3, key=str.lower)

    assert chunk.distinct == {"a": "a", "b": "b"}
    assert chunk.inputs == [("a", "a"), ("a", "A"), ("b", "b"), ("a", "a")]


def test_an_endless_stream_of_one_input_still_flows() -> None:
    first = next(chunked(itertools.repeat("a"), 3, key=lambda item: item))

    assert len(first.inputs) == 30


def test_a_chunk_is_cut_before_more_is_read() -> None:
    read: list[int] = []

    def stream() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    next(chunked(stream(), 10, key=lambda item: item))

    assert len(read) == 10


@given(st.lists(st.integers()), st.integers(1, 6))
def test_results_come_in_the_order_of_the_items(items: list[int], workers: int) -> None:
    assert list(ordered_map(lambda item: -item, _as_it_is, items, workers=workers)) == [-item for item in items]


def test_the_last_to_finish_does_not_change_the_order() -> None:
    others_done = threading.Event()

    def function(item: int) -> int:
        if item == 0:
            assert others_done.wait(60)
        elif item == 3:
            others_done.set()
        return item

    assert list(ordered_map(function, _as_it_is, range(4), workers=4)) == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_stream_is_read_only_a_little_ahead(workers: int) -> None:
    read: list[int] = []

    def stream() -> Iterator[int]:
        for number in itertools.count():
            read.append(number)
            yield number

    results = ordered_map(lambda item: item, _as_it_is, stream(), workers=workers)
    for expected in range(20):
        assert next(results) == expected
        assert len(read) <= expected + 1 + 2 * workers
    results.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_of_the_function_comes_after_the_results_before_it(workers: int) -> None:
    def function(item: int) -> int:
        if item == 5:
            raise LookupError("five")
        return item

    results = ordered_map(function, _as_it_is, range(100), workers=workers)

    assert list(itertools.islice(results, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(LookupError, match="five"):
        next(results)


@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_of_the_stream_comes_after_the_results_before_it(workers: int) -> None:
    def stream() -> Iterator[int]:
        yield from range(3)
        raise LookupError("the file broke off")

    results = ordered_map(lambda item: item, _as_it_is, stream(), workers=workers)

    assert list(itertools.islice(results, 3)) == [0, 1, 2]
    with pytest.raises(LookupError, match="broke off"):
        next(results)


def test_who_stops_early_leaves_no_thread_waiting() -> None:
    started = threading.Semaphore(0)
    results = ordered_map(lambda item: started.release() or item, _as_it_is, itertools.count(), workers=3)
    next(results)

    results.close()  # type: ignore[attr-defined]

    for thread in threading.enumerate():
        if thread.name.startswith("rtcp-bulk"):
            thread.join(60)
            assert not thread.is_alive()


@pytest.mark.parametrize("workers", [1, 3])
def test_what_was_fetched_is_read_in_the_callers_thread(workers: int) -> None:
    def read(item: int) -> tuple[int, str]:
        return item, threading.current_thread().name

    results = list(ordered_map(_as_it_is, read, range(9), workers=workers))

    assert results == [(item, threading.current_thread().name) for item in range(9)]


@pytest.mark.parametrize("workers", [1, 3])
@given(items=st.lists(st.integers(0, 5)))
def test_a_result_that_takes_more_comes_in_its_place(workers: int, items: list[int]) -> None:
    def read(item: int) -> int | Unfinished[int]:
        return Unfinished(lambda: -item) if item % 2 else -item

    assert list(ordered_map(_as_it_is, read, items, workers=workers)) == [-item for item in items]


def test_what_takes_more_is_under_way_together() -> None:
    both = threading.Barrier(2)
    second_is_fetched = threading.Event()

    def fetch(item: int) -> int:
        if item == 0:
            assert second_is_fetched.wait(60)
        elif item == 2:
            # The thread that fetches this one has done with the second.
            second_is_fetched.set()
        return item

    def finish(item: int) -> int:
        both.wait(60)
        return item

    def read(item: int) -> int | Unfinished[int]:
        return item if item == 2 else Unfinished(lambda: finish(item))

    assert list(ordered_map(fetch, read, range(3), workers=2)) == [0, 1, 2]


@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_of_reading_waits_its_turn(workers: int) -> None:
    def read(item: int) -> int | Unfinished[int]:
        if item == 3:
            raise LookupError("three")
        return Unfinished(lambda: item)

    results = ordered_map(_as_it_is, read, range(9), workers=workers)

    assert list(itertools.islice(results, 3)) == [0, 1, 2]
    with pytest.raises(LookupError, match="three"):
        next(results)


def _as_it_is(item: T) -> T:
    return item
