"""Long answers whose memory is watched, and whose CPU is laid beside aepp's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks import aepp, measure, memory, payloads, server, streaming
from benchmarks.measure import Result, Sample
from benchmarks.sizes import Sizes


def long_get_many(url: str, sizes: Sizes) -> Iterator[Result]:
    """Memory over a long bulk look-up."""
    for count in sorted({min(100_000, sizes.long_bulk), sizes.long_bulk}):
        grown = memory.in_child("get_many", url, count)
        yield from _growth(f"get_many of {count:,}, memory", grown, expected=count, bound=30.0)


def events(url: str, sizes: Sizes) -> Iterator[Result]:
    """Fifty pages of a thousand events: memory, and CPU beside aepp's."""
    case = f"{payloads.EVENT_PAGES} pages of events"
    expected = payloads.EVENT_PAGES * payloads.EVENTS_ON_A_PAGE
    before = server.counts(url)
    grown = memory.in_child("events", url, expected)
    sent = server.counts(url)["requests"] - before["requests"]
    yield from _growth(f"{case}, memory", grown, expected=expected, bound=10.0)
    # One look-up goes ahead of the pages.
    yield Result(case, "requests sent", "count", sent, bound=payloads.EVENT_PAGES + 1)
    yield from _beside_aepp(url, case, expected, sizes)


def stream(url: str, sizes: Sizes) -> Iterator[Result]:
    """Rows to an inlet."""
    yield from streaming.run(url, count=2 * sizes.bulk, rounds=sizes.few_rounds)
    grown = memory.in_child("stream", url, sizes.long_bulk)
    yield from _growth(f"streaming {sizes.long_bulk:,} rows, memory", grown, expected=sizes.long_bulk, bound=30.0)


def _beside_aepp(url: str, case: str, expected: int, sizes: Sizes) -> Iterator[Result]:
    python, reason = aepp.interpreter(may_install=sizes.is_full)
    if python is None:
        yield Result(case, f"beside aepp: not measured, {reason}", "note", 0.0)
        return
    reports = [(memory.in_child("events", url, expected), aepp.events(python, url)) for _ in range(5)]
    samples = {
        "rtcp": [Sample(ours["cpu"], ours["wall"]) for ours, _ in reports],
        "aepp": [Sample(theirs["cpu"], theirs["wall"]) for _, theirs in reports],
    }
    yield measure.ratio(case, "rtcp", samples, to="aepp", calls=expected, bound=0.5, kept=0.7)
    growths = [theirs["peak"] - theirs["before"] for _, theirs in reports]
    yield Result(case, "aepp, growth of resident memory", "memory", min(growths))
    yield Result(case, "aepp, items read", "count", reports[0][1]["items"], bound=expected)


def _growth(case: str, grown: dict[str, Any], *, expected: int, bound: float) -> Iterator[Result]:
    extra = {"before": round(grown["before"], 1), "peak": round(grown["peak"], 1)}
    yield Result(case, "growth of resident memory", "memory", grown["peak"] - grown["before"], None, bound, None, extra)
    yield Result(case, "items read", "count", grown["items"], bound=expected)
