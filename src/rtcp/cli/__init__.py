"""The command `rtcp`. Commands are loaded when they are called, so that `--help` stays quick."""

from __future__ import annotations

import os
import sys

from rtcp._optional import require
from rtcp.errors import MissingExtraError


def main() -> None:
    """Run the command line; without the extra `cli`, say how to get it."""
    _open_closed_streams()
    try:
        require("click", extra="cli")
    except MissingExtraError as exc:
        print(exc, file=sys.stderr)
        raise SystemExit(2) from None
    try:
        # Only now: the module below needs click at its first line.
        from rtcp.cli.app import app

        app(prog_name="rtcp")
    except KeyboardInterrupt:
        # Before a command has begun, nothing else is there to say it.
        raise SystemExit(130) from None
    except OSError as exc:
        # Help and version are printed before a command has begun, too.
        print(f"error: {exc}", file=sys.stderr)
        raise SystemExit(1) from None


def _open_closed_streams() -> None:
    """Lead what the caller has closed (`>&-`) nowhere: the next file to be opened would take its number."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, os.fdopen(nowhere, "r" if name == "stdin" else "w", encoding="utf-8"))
