"""How things are measured: shuffled rounds, CPU beside wall, and results that know their bounds."""

from __future__ import annotations

import gc
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

# Continuous integration runs on noisy machines: there a ratio fails only beyond this multiple of its bound.
SLACK: Final = 1.25


@dataclass(frozen=True, slots=True)
class Result:
    """One measured number.

    Attributes:
        kind: "ratio" of CPU, "speed" (a ratio of rates), "memory" (MB), "count", "time" (ms), "rate" (per second) or
            "note"; `--check` judges the first four.
        spread: the middle half of the rounds.
        bound: at most this; for a rate or speed, at least; for a count, exactly.
        kept: what `--check` holds in place of a bound that is not reached yet, so that it gets no worse unnoticed.
        extra: what was measured beside it, for the JSON file.
    """

    case: str
    what: str
    kind: str
    value: float
    spread: tuple[float, float] | None = None
    bound: float | None = None
    aim: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    kept: float | None = None

    def holds(self, *, check: bool) -> bool | None:
        """Whether the bound holds; None where nothing is judged."""
        if self.bound is None or (check and self.kind in ("time", "rate")):
            return None
        if self.kind == "count":
            return self.value == self.bound
        limit = self.kept if check and self.kept is not None else self.bound
        slack = SLACK if check and self.kind in ("ratio", "speed") else 1.0
        return self.value >= limit / slack if self.kind in ("rate", "speed") else self.value <= limit * slack


@dataclass(frozen=True, slots=True)
class Sample:
    """Seconds of CPU and of wall clock for one turn."""

    cpu: float
    wall: float


def interleave(turns: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, list[Sample]]:
    """Time every turn once in each round, in a new order each time; the first round warms up and is not counted."""
    return interleave_samples({name: partial(timed, turn) for name, turn in turns.items()}, rounds=rounds)


def interleave_samples(turns: Mapping[str, Callable[[], Sample]], *, rounds: int) -> dict[str, list[Sample]]:
    """The same for turns that time themselves."""
    samples: dict[str, list[Sample]] = {name: [] for name in turns}
    order = list(turns)
    for number in range(rounds + 1):
        random.shuffle(order)
        for name in order:
            sample = turns[name]()
            if number:
                samples[name].append(sample)
    return samples


def timed(turn: Callable[[], object]) -> Sample:
    """One turn of one client, all its threads included."""
    gc.collect()
    # The harness and what it has imported are not the client's: full collections need not walk through them.
    gc.freeze()
    wall, cpu = time.perf_counter(), time.process_time()
    turn()
    sample = Sample(time.process_time() - cpu, time.perf_counter() - wall)
    gc.unfreeze()
    return sample


def ratio(
    case: str,
    what: str,
    samples: Mapping[str, list[Sample]],
    *,
    to: str,
    calls: int = 1,
    bound: float | None = None,
    aim: float | None = None,
    kept: float | None = None,
) -> Result:
    """The CPU of one client as a ratio to another's in the same round; the wall clock's beside it."""
    cpu = [own.cpu / other.cpu for own, other in zip(samples[what], samples[to], strict=True)]
    wall = [own.wall / other.wall for own, other in zip(samples[what], samples[to], strict=True)]
    extra = {
        "to": to,
        "wall": round(statistics.median(wall), 3),
        "cpu_us": round(statistics.median(own.cpu for own in samples[what]) / calls * 1e6, 1),
    }
    return Result(case, what, "ratio", statistics.median(cpu), middle(cpu), bound, aim, extra, kept)


def speed(
    case: str,
    what: str,
    samples: Mapping[str, list[Sample]],
    *,
    to: str,
    bound: float | None = None,
    aim: float | None = None,
    kept: float | None = None,
) -> Result:
    """How fast one client is as a ratio to another in the same round, by the wall clock."""
    rates = [other.wall / own.wall for own, other in zip(samples[what], samples[to], strict=True)]
    seconds = statistics.median(own.wall for own in samples[what])
    extra = {"to": to, "seconds": round(seconds, 3)}
    return Result(case, what, "speed", statistics.median(rates), middle(rates), bound, aim, extra, kept)


def middle(values: list[float]) -> tuple[float, float]:
    """The first and the third quartile."""
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4)
    return first, third


@contextmanager
def environment(variables: int) -> Iterator[None]:
    """A process environment of so many variables: a shell has about 35, a pod of a cluster ten times as many."""
    saved = dict(os.environ)
    kept = {name: saved[name] for name in ("PATH", "HOME") if name in saved}
    filler = {f"SERVICE_{number}_PORT_8080_TCP_ADDR": "10.0.0.1" for number in range(variables - len(kept))}
    try:
        os.environ.clear()
        os.environ.update(kept | filler)
        yield
    finally:
        os.environ.clear()
        os.environ.update(saved)
