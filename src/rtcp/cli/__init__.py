"""The command `rtcp`. Commands are loaded when they are called, so that `--help` stays quick."""

from __future__ import annotations

import sys

from rtcp._optional import require
from rtcp.errors import MissingExtraError


def main() -> None:
    """Run the command line; without the extra `cli`, say how to get it."""
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
