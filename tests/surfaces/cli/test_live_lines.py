"""Lines that live on a terminal, and Ctrl-C at the moments in which it does most harm."""

from __future__ import annotations

import io
import signal
import sys

import pytest
from rich.console import Console
from rich.progress import Progress

from rtcp.cli.live import OnTerminal

SHOW_CURSOR, HIDE_CURSOR = "\x1b[?25h", "\x1b[?25l"


class Interrupted(Progress):
    """Bars at whose drawing Ctrl-C is pressed, the first time or the last."""

    def __init__(self, when: str) -> None:
        self.screen = io.StringIO()
        super().__init__(console=Console(file=self.screen, force_terminal=True), transient=True, auto_refresh=False)
        self.add_task("looking up")
        self.when = when

    def get_renderable(self):
        if hasattr(self, "when") and self.live.is_started == (self.when == "start"):
            self.when = ""
            signal.raise_signal(signal.SIGINT)
        return super().get_renderable()


@pytest.fixture
def ctrl_c():
    """As a program finds it that has asked for nothing else."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("when", ["start", "stop"])
def test_ctrl_c_while_the_line_comes_or_goes_leaves_the_terminal_as_it_was(when, ctrl_c):
    before = sys.stdout, sys.stderr
    bars = Interrupted(when)

    with pytest.raises(KeyboardInterrupt), OnTerminal(bars, print):
        pass

    assert bars.when == ""
    assert (sys.stdout, sys.stderr) == before
    assert bars.screen.getvalue().rfind(SHOW_CURSOR) > bars.screen.getvalue().rfind(HIDE_CURSOR) >= 0
