"""The embedded world, for what a page shows of it: reports as plots, values as the cards that notebooks show."""

from __future__ import annotations

import io
import warnings
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import rtcp
from rtcp.emulator import Emulator, worlds


class World:
    """A client of an emulator with the world Harbour in it. What the pages say is ours, so it is run as it stands."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._names: dict[str, Any] = {"rtcp": rtcp}
        self.url = ""

    def __enter__(self) -> Self:
        emulator = self._stack.enter_context(Emulator(seed=1, job_seconds=0))
        emulator.load(worlds.path("harbour"))
        self.url = emulator.url
        self._names["client"] = self._stack.enter_context(rtcp.Client.for_emulator(emulator.url))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def card(self, expression: str) -> str:
        """What a notebook shows of a value."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            card: str = self._value(expression)._repr_html_()
        return card

    def plot(self, expression: str) -> str:
        """A report as SVG."""
        picture = io.StringIO()
        axes = rtcp.plot(self._value(expression))
        axes.figure.savefig(picture, format="svg", metadata={"Date": None})
        return picture.getvalue()

    def _value(self, expression: str) -> Any:
        return eval(expression, self._names)
