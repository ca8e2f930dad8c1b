"""How far something long is, as a bar: tqdm's, which fits notebooks and terminals. In an Airflow task there is none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import Any, Final, Protocol, TypeVar

from rtcp._optional import require
from rtcp._terminal import visible_line

T = TypeVar("T")

# Airflow sets it in the process of a task, whose log would get a line for each step of a bar.
_IN_A_TASK: Final = "AIRFLOW_CTX_DAG_ID"
_BYTES: Final = {"unit": "B", "unit_scale": True, "unit_divisor": 1024}


class _Placed(Protocol):
    """What says which of the inputs it is about."""

    @property
    def position(self) -> int: ...


P = TypeVar("P", bound=_Placed)


class Bar:
    """One bar. `tell` takes a state of any kind that has a callback for it: of a job, a transfer, or a writer.

    Raises:
        MissingExtraError: tqdm is not installed.
    """

    def __init__(self, what: str, *, total: int | None = None, **how: Any) -> None:
        tqdm = require("tqdm.auto", extra="notebook").tqdm
        self._bar = tqdm(desc=visible_line(what), total=total, **how)

    def tell(self, state: Any) -> None:
        """Show a state."""
        if hasattr(state, "bytes_done"):
            self._set(state.bytes_done, state.bytes_total)
        elif hasattr(state, "rejected"):
            self._bar.set_postfix(rejected=state.rejected, unknown=state.unknown, refresh=False)
            self._set(state.rows - state.pending - state.waiting, state.rows)
        else:
            self._bar.set_postfix_str(visible_line(str(getattr(state, "status", ""))), refresh=False)
            self._bar.update(1)

    def reach(self, count: int) -> None:
        """Show that so many are done."""
        self._bar.update(count - self._bar.n)

    def close(self) -> None:
        """Leave the bar as it is; closing twice is fine."""
        self._bar.close()

    def _set(self, done: int, total: int | None) -> None:
        self._bar.total = total
        self.reach(done)


def bar_for(progress: bool, what: str, **how: Any) -> Bar | None:
    """A bar where one was asked for and somebody may look at it."""
    return Bar(what, **how) if progress and _IN_A_TASK not in os.environ else None


def both(bar: Bar | None, tell: Callable[[T], Any] | None) -> Callable[[T], Any] | None:
    """What to call with each state, for the bar and the caller's own callback."""
    if bar is None or tell is None:
        return tell if bar is None else bar.tell

    def tell_both(state: T) -> None:
        bar.tell(state)
        tell(state)

    return tell_both


@contextmanager
def waiting_bar(progress: bool, what: str, tell: Callable[[T], Any] | None) -> Iterator[Callable[[T], Any] | None]:
    """What to call with each state of a job, while a bar counts the looks at it."""
    with _open(bar_for(progress, what, unit=" looks", bar_format="{desc}: {elapsed}{postfix}")) as bar:
        yield both(bar, tell)


@contextmanager
def transfer_bar(progress: bool, what: str, tell: Callable[[T], Any] | None) -> Iterator[Callable[[T], Any] | None]:
    """What to call with how far a transfer is, while a bar counts the bytes."""
    with _open(bar_for(progress, what, **_BYTES)) as bar:
        yield both(bar, tell)


@contextmanager
def rows_bar(
    progress: bool, what: str, tell: Callable[[str, int], Any] | None
) -> Iterator[Callable[[str, int], Any] | None]:
    """What to call with the rows so far of each of several files, while a bar counts those of all."""
    with _open(bar_for(progress, what, unit=" rows")) as bar:
        if bar is None:
            yield tell
            return
        rows: dict[str, int] = {}

        def tell_both(name: str, count: int) -> None:
            rows[name] = count
            bar.reach(sum(rows.values()))
            if tell is not None:
                tell(name, count)

        yield tell_both


def counted(results: Iterator[P], progress: bool, what: str, inputs: Iterable[Any]) -> Iterator[P]:
    """The results, while a bar counts the inputs that they are about."""
    total = len(inputs) if isinstance(inputs, Sized) else None
    bar = bar_for(progress, what, total=total, unit=" ids")
    return results if bar is None else _count(results, bar, total)


def _count(results: Iterator[P], bar: Bar, total: int | None) -> Iterator[P]:
    with _open(bar):
        for result in results:
            bar.reach(result.position + 1)
            yield result
        # Those at the end may have been left out.
        if total is not None:
            bar.reach(total)


@contextmanager
def _open(bar: Bar | None) -> Iterator[Bar | None]:
    try:
        yield bar
    finally:
        if bar is not None:
            bar.close()
