"""The command tree: `rtcp <noun> <verb>`."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("rtcp"), prog_name="rtcp")
def app() -> None:
    """Adobe's Real-Time Customer Profile API at a prompt, and a local emulator to try it on."""


@app.command()
@click.option(
    "--people", default=1000, show_default=True, type=click.IntRange(min=1), help="How many to look up in bulk."
)
def demo(people: int) -> None:
    """Show the main job on a small world in the emulator: look-ups, merging, events, bulk."""
    # The demo loads the emulator and rich; nothing else of the command line needs them.
    from rtcp.cli.demo import run

    try:
        run(people=people)
    except BrokenPipeError:
        # The reader has gone (`rtcp demo | head`); what is still buffered must not raise again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
