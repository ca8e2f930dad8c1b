"""The streams that a program is given: closed ones, those that nobody reads any more, and those behind a full disk."""

from __future__ import annotations

import os
import sys


def open_closed_streams() -> None:
    """Lead what the caller has closed (`>&-`) nowhere: the next file to be opened would take its number."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w", encoding="utf-8"))


def settle_output() -> None:
    """Write what is still buffered; what cannot be written is dropped, as its error has been told.

    Python would tell it once more as it ends, and end with a code of its own.
    """
    try:
        sys.stdout.flush()
    except OSError:
        drop_output()


def drop_output() -> None:
    """Lead nowhere what is still to be printed."""
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
