"""`rtcp demo`: show the main job on a small world in the emulator."""

from __future__ import annotations

import warnings

import click

from rtcp._optional import require
from rtcp.cli.tree import Verb


@click.command(cls=Verb)
@click.option(
    "--people", default=1000, show_default=True, type=click.IntRange(min=1), help="How many to look up in bulk."
)
def command(people: int) -> None:
    """Show the main job on a small world in the emulator: look-ups, merging, events, bulk.

    \b
    rtcp demo --people 100
    """
    require("uvicorn", extra="emulator")
    # The demo loads the emulator and rich; completion and help need neither.
    from rtcp.cli.demo_play import run

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        run(people=people)
