"""Chunks of a stream and a concurrent map over them: in order, lazy, and flat in memory."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcp.bulk.chunks import chunked, ordered_map


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
    assert list(ordered_map(lambda item: -item, items, workers=workers)) == [-item for item in items]


def test_the_last_to_finish_does_not_change_the_order() -> None:
    others_done = threading.Event()

    def function(item: int) -> int:
        if item == 0:
            assert others_done.wait(5)
        elif item == 3:
            others_done.set()
        return item

    assert list(ordered_map(function, range(4), workers=4)) == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_the_stream_is_read_only_a_little_ahead(workers: int) -> None:
    read: list[int] = []

    def stream() -> Iterator[int]:
        for number in itertools.count():
            read.append(number)
            yield number

    results = ordered_map(lambda item: item, stream(), workers=workers)
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

    results = ordered_map(function, range(100), workers=workers)

    assert list(itertools.islice(results, 5)) == [0, 1, 2, 3, 4]
    with pytest.raises(LookupError, match="five"):
        next(results)


@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_of_the_stream_comes_after_the_results_before_it(workers: int) -> None:
    def stream() -> Iterator[int]:
        yield from range(3)
        raise LookupError("the file broke off")

    results = ordered_map(lambda item: item, stream(), workers=workers)

    assert list(itertools.islice(results, 3)) == [0, 1, 2]
    with pytest.raises(LookupError, match="broke off"):
        next(results)


def test_who_stops_early_leaves_no_thread_waiting() -> None:
    started = threading.Semaphore(0)
    results = ordered_map(lambda item: started.release() or item, itertools.count(), workers=3)
    next(results)

    results.close()  # type: ignore[attr-defined]

    for thread in threading.enumerate():
        if thread.name.startswith("rtcp-bulk"):
            thread.join(5)
            assert not thread.is_alive()
