"""The command `rtcp`. Commands are loaded when they are called, so that `--help` stays quick."""

from __future__ import annotations

import sys

from rtcp._optional import require
from rtcp._streams import drop_output, open_closed_streams, settle_output
from rtcp.errors import MissingExtraError


def main() -> None:
    """Run the command line; without the extra `cli`, say how to get it."""
    open_closed_streams()
    try:
        require("click", extra="cli")
    except MissingExtraError as exc:
        print(exc, file=sys.stderr)
        raise SystemExit(2) from None
    try:
        # Only now: the module below needs click at its first line.
        from rtcp.cli.app import app

        try:
            app(prog_name="rtcp")
        finally:
            # Help and version are printed before a command has begun, and may still be buffered.
            sys.stdout.flush()
    except KeyboardInterrupt:
        # Before a command has begun, nothing else is there to say it.
        raise SystemExit(130) from None
    except BrokenPipeError:
        drop_output()
        raise SystemExit(141) from None
    except OSError as exc:
        settle_output()
        print(f"error: {exc}", file=sys.stderr)
        raise SystemExit(1) from None
